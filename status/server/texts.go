package server

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"

	"infobus/guide"
	guidebox "infobus/guide/box"
	"infobus/status"
	"infobus/words"
)

//go:embed web/texts.html
var textsHTML string

var textsTemplate = pageOf("texts", textsHTML)

// textsPath is the volunteers' page of the guide's texts.
const textsPath = "/texts"

// Texts are what the page of the guide's texts asks for.
type Texts struct {
	// Page is the page, with the texts in a language of a tag, the source for "".
	Page func(say *words.Speaker, tag string) status.GuidePage
	// Upload takes files as a version that waits. What is wrong with them is said; then
	// nothing of them is taken. kept says that it outlives a power cut.
	Upload func(context.Context, []status.File) (remarks []status.Remark, kept bool)
	// Publish has the version of that digest shown, and TakeBack no longer; the errors are
	// those of guide/box.
	Publish, TakeBack func(digest string) (kept bool, err error)
}

// getTexts shows the page to who may act.
func (s *Server) getTexts(w http.ResponseWriter, r *http.Request) {
	if !s.offersTexts(w, r) {
		return
	}
	s.remember(w, r)
	s.writeTexts(w, r, http.StatusOK, nil, s.notice(r))
}

// offersTexts says whether the caller may see the page; else it has answered.
func (s *Server) offersTexts(w http.ResponseWriter, r *http.Request) bool {
	return s.offers(w, r, s.o.Texts != nil, words.T("refusal.no-guide"))
}

func (s *Server) writeTexts(w http.ResponseWriter, r *http.Request, code int, remarks []status.Remark, says *notice) {
	speaker := s.speaker(r)
	page := s.o.Texts.Page(speaker, r.URL.Query().Get("of"))
	page.Remarks = remarks
	page.Shown = page.Waiting
	if page.Shown == nil {
		page.Shown = page.Live
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	w.Write(tokened(r, shown(textsTemplate(), speaker, struct {
		said
		status.GuidePage
		Notice *notice
		Accept string
	}{s.said(speaker), page, says, guideUpload.accept()})))
}

// postTexts takes a guide that a volunteer uploads.
func (s *Server) postTexts(w http.ResponseWriter, r *http.Request) {
	if !s.offersTexts(w, r) {
		return
	}
	files, code, why := s.receive(w, r, guideUpload)
	if !why.IsZero() {
		s.refuseTexts(w, r, code, nil, why)
		return
	}
	remarks, kept := s.o.Texts.Upload(r.Context(), files)
	if len(remarks) > 0 {
		s.refuseTexts(w, r, http.StatusUnprocessableEntity, remarks, words.T("refusal.upload-mistakes", "N", len(remarks)))
		return
	}
	s.doneTexts(w, r, kept, "uploaded", words.T("guide.upload.done"))
}

// refuseTexts says why nothing was taken, as the page for who sent its form.
func (s *Server) refuseTexts(w http.ResponseWriter, r *http.Request, code int, remarks []status.Remark, why words.Text) {
	text := s.speaker(r).Text(why)
	if !wantsPage(r) {
		answer(w, code, mistaken(text, remarks))
		return
	}
	s.writeTexts(w, r, code, remarks, &notice{Text: text})
}

// doneTexts says what was done.
func (s *Server) doneTexts(w http.ResponseWriter, r *http.Request, kept bool, done string, told words.Text) {
	switch {
	case !kept:
		s.refuseTexts(w, r, http.StatusServiceUnavailable, nil, words.T("action.refused.not-kept"))
	case wantsPage(r):
		s.tell(w, r, textsPath, result{taken: true, text: told})
	default:
		answer(w, http.StatusOK, encode(map[string]string{"done": done}))
	}
}

// publishTexts has the version that waits shown, and takeBackTexts no longer.
func (s *Server) publishTexts(w http.ResponseWriter, r *http.Request) {
	s.settleTexts(w, r, "published", words.T("guide.published"), func(d string) (bool, error) { return s.o.Texts.Publish(d) })
}

func (s *Server) takeBackTexts(w http.ResponseWriter, r *http.Request) {
	s.settleTexts(w, r, "taken-back", words.T("guide.taken-back"), func(d string) (bool, error) { return s.o.Texts.TakeBack(d) })
}

func (s *Server) settleTexts(w http.ResponseWriter, r *http.Request, done string, told words.Text, do func(digest string) (bool, error)) {
	if !s.offersTexts(w, r) {
		return
	}
	digest, err := asked(r, "digest")
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.form"))
		return
	}
	yield(r)
	kept, err := do(digest)
	switch {
	case errors.Is(err, guidebox.ErrNone):
		s.refuseTexts(w, r, http.StatusConflict, nil, words.T("refusal.guide-none"))
	case err != nil:
		s.refuseTexts(w, r, http.StatusConflict, nil, words.T("refusal.guide-another"))
	default:
		s.doneTexts(w, r, kept, done, told)
	}
}

// guideUpload is the form that uploads a guide: one that is packed, or a file a language.
var guideUpload = upload{
	endings: []string{guidebox.Ending, ".md"},
	bytes:   guide.MaxPacked + 64<<10, // with what stands around the files
	files:   20,
	other:   words.T("refusal.guide-kind"),
	name: func(name string, _ int) (string, bool) {
		name = path.Base(strings.ReplaceAll(name, `\`, "/"))
		if strings.HasSuffix(strings.ToLower(name), guidebox.Ending) {
			return "guide" + guidebox.Ending, true
		}
		name = strings.ToLower(name)
		return name, guidebox.Named(name)
	},
}

// upload is what a form of files may bring.
type upload struct {
	endings []string
	bytes   int64 // with what stands around the files
	files   int
	other   words.Text // what is said of a file of another kind
	// name is what a file is called here, by what it was called there and how many came
	// before; ok says that it may be there at all.
	name func(name string, before int) (string, bool)
}

func (f upload) accept() string { return strings.Join(f.endings, ",") }

func (f upload) takes(ending string) bool { return slices.Contains(f.endings, ending) }
