package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"infobus/action"
	"infobus/status"
	"infobus/words"
)

//go:embed web/timetable.html
var timetableHTML string

var timetableTemplate = pageOf("timetable", timetableHTML)

// Timetables are what the page of the timetable asks for.
type Timetables struct {
	// Page is the page in a language.
	Page func(*words.Speaker) status.TimetablePage
	// Upload takes files as one version of what volunteers upload. What is wrong with
	// them is said; then nothing of them is taken. kept says that it outlives a power cut,
	// the error that nothing could be done.
	Upload func(context.Context, []status.File) (remarks []status.Remark, kept bool, err error)
	// Picture is a page of the version of that digest that waits, as it would stand on
	// the glass, by its number from 0; ok is false where there is none.
	Picture func(source, digest string, number int) (png []byte, ok bool)
}

// What an upload may be: as much as is read of a timetable's files.
const (
	uploadPath    = "/timetable"
	uploadBytes   = 5 << 20 // with what stands around the files
	uploadFiles   = 20
	uploadTimeout = 2 * time.Minute // over a Wi-Fi that many share
)

// timetableUpload is the form that uploads one. Files have names of our own: a file's name
// may be a person's.
var timetableUpload = upload{
	endings: []string{".yaml", ".yml", ".csv", ".ics", ".xlsx"},
	bytes:   uploadBytes,
	files:   uploadFiles,
	other:   words.T("refusal.upload-kind", "Kinds", ".yaml, .yml, .csv, .ics, .xlsx"),
	name: func(name string, before int) (string, bool) {
		ending := strings.ToLower(filepath.Ext(name))
		if before > 0 {
			return fmt.Sprintf("timetable-%d%s", before+1, ending), true
		}
		return "timetable" + ending, true
	},
}

// getTimetable shows the page to who may act.
func (s *Server) getTimetable(w http.ResponseWriter, r *http.Request) {
	if !s.offersTimetable(w, r) {
		return
	}
	s.remember(w, r)
	s.writeTimetable(w, r, http.StatusOK, s.o.Timetables.Page(s.speaker(r)), s.notice(r))
}

// offersTimetable says whether the caller may see the page; else it has answered.
func (s *Server) offersTimetable(w http.ResponseWriter, r *http.Request) bool {
	if !s.offers(w, r, s.o.Timetables != nil && s.o.Act != nil, words.T("refusal.no-timetable")) {
		return false
	}
	if s.latest.Load().view.Quiet { // it names places
		s.refuseForm(w, r, http.StatusConflict, action.IsQuiet.Text())
		return false
	}
	return true
}

// offers says whether a page for volunteers is there and the caller may see it; else it
// has answered, with none where there is no such page.
func (s *Server) offers(w http.ResponseWriter, r *http.Request, there bool, none words.Text) bool {
	switch {
	case !there:
		s.refuse(w, r, http.StatusNotFound, none)
	case !s.mayAct(r) && wantsPage(r) && r.Method == http.MethodGet:
		http.Redirect(w, r, "/", http.StatusSeeOther) // where the PIN is asked for
	case !s.mayAct(r):
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
	default:
		return true
	}
	return false
}

func (s *Server) writeTimetable(w http.ResponseWriter, r *http.Request, code int, page status.TimetablePage, says *notice) {
	speaker := s.speaker(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	w.Write(tokened(r, shown(timetableTemplate(), speaker, struct {
		said
		status.TimetablePage
		Notice *notice
		Accept string
	}{s.said(speaker), page, says, timetableUpload.accept()})))
}

// postTimetable takes what a volunteer uploads. It is held in memory, and is neither
// kept nor named as it was there.
func (s *Server) postTimetable(w http.ResponseWriter, r *http.Request) {
	if !s.offersTimetable(w, r) {
		return
	}
	files, code, why := s.receive(w, r, timetableUpload)
	if !why.IsZero() {
		s.refuseUpload(w, r, code, nil, why)
		return
	}
	remarks, kept, err := s.o.Timetables.Upload(r.Context(), files)
	switch {
	case err != nil:
		s.refuseUpload(w, r, http.StatusServiceUnavailable, nil, words.T("action.refused.no-answer"))
	case len(remarks) > 0:
		s.refuseUpload(w, r, http.StatusUnprocessableEntity, remarks, words.T("refusal.upload-mistakes", "N", len(remarks)))
	case !kept:
		s.refuseUpload(w, r, http.StatusServiceUnavailable, nil, action.NotKept.Text())
	case wantsPage(r):
		s.tell(w, r, uploadPath, result{taken: true, text: words.T("timetable.upload.done")})
	default:
		answer(w, http.StatusOK, encode(map[string]string{"done": "uploaded"}))
	}
}

// receive receives the files of a form, one upload at a time: they are in memory. Where
// it gives a text nothing came; the text says why, and code is the answer's.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, f upload) (files []status.File, code int, why words.Text) {
	select {
	case s.uploading <- struct{}{}:
		defer func() { <-s.uploading }()
	default:
		w.Header().Set("Retry-After", "60")
		return nil, http.StatusServiceUnavailable, words.T("refusal.upload-busy")
	}
	yield(r)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTimeout)) // a recorder in a test has none
	_ = control.SetWriteDeadline(time.Now().Add(uploadTimeout + writeTimeout))
	files, why = f.uploaded(r)
	return files, http.StatusBadRequest, why
}

// mistaken is the JSON of what is wrong with files.
func mistaken(text string, remarks []status.Remark) []byte {
	type mistake struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
		What   string `json:"what"`
	}
	list := []mistake{}
	for _, m := range remarks {
		list = append(list, mistake{m.File, m.Line, m.Column, m.What})
	}
	return encode(map[string]any{"error": text, "mistakes": list})
}

// refuseUpload says why nothing was taken, as the page for who sent its form.
func (s *Server) refuseUpload(w http.ResponseWriter, r *http.Request, code int, remarks []status.Remark, why words.Text) {
	text := s.speaker(r).Text(why)
	if !wantsPage(r) {
		answer(w, code, mistaken(text, remarks))
		return
	}
	page := s.o.Timetables.Page(s.speaker(r))
	page.Remarks = remarks
	s.writeTimetable(w, r, code, page, &notice{Text: text})
}

// uploaded are the files of a form. The text says what is wrong.
func (f upload) uploaded(r *http.Request) (files []status.File, why words.Text) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, words.T("action.refused.bad-body")
	}
	for {
		part, err := form.NextPart()
		var tooLarge *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF) && len(files) == 0:
			return nil, words.T("refusal.upload-none")
		case errors.Is(err, io.EOF):
			return files, words.Text{}
		case errors.As(err, &tooLarge):
			return nil, words.T("refusal.upload-large", "MB", f.bytes>>20)
		case err != nil:
			return nil, words.T("action.refused.bad-body")
		}
		file, why := f.read(part, len(files))
		if !why.IsZero() {
			return nil, why
		}
		if file.Data != nil {
			files = append(files, file)
		}
	}
}

func (f upload) read(part *multipart.Part, before int) (status.File, words.Text) {
	name, may := f.name(part.FileName(), before)
	switch {
	case part.FormName() != "file" || part.FileName() == "":
		return status.File{}, words.Text{}
	case !may || !f.takes(filepath.Ext(name)):
		return status.File{}, f.other
	case before == f.files:
		return status.File{}, words.T("refusal.upload-many", "N", f.files)
	}
	data, err := io.ReadAll(part)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return status.File{}, words.T("refusal.upload-large", "MB", f.bytes>>20)
	case err != nil:
		return status.File{}, words.T("action.refused.bad-body")
	case len(data) == 0:
		return status.File{}, words.T("refusal.upload-none")
	}
	return status.File{Name: name, Data: data}, words.Text{}
}

// getTimetablePicture shows a page as it would stand on the glass.
func (s *Server) getTimetablePicture(w http.ResponseWriter, r *http.Request) {
	if !s.offersTimetable(w, r) {
		return
	}
	number, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("number"), ".png"))
	if err == nil {
		if png, ok := s.o.Timetables.Picture(r.PathValue("source"), r.PathValue("digest"), number); ok {
			w.Header().Set("Content-Type", "image/png")
			w.Write(png)
			return
		}
	}
	s.refuse(w, r, http.StatusNotFound, words.T("refusal.not-drawn"))
}
