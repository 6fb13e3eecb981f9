package server

import (
	"os"
	"path/filepath"
)

// GuideAt finds the file of the guide in a language, or the team's own for "":
// path is that file, or a folder with guide.pdf and guide-LANGUAGE.pdf; "" is none.
func GuideAt(path string) func(tag string) (file string, ok bool) {
	return func(tag string) (string, bool) { return guideAt(path, tag) }
}

func guideAt(path, tag string) (string, bool) {
	if path == "" {
		return "", false
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		name := "guide.pdf"
		if tag != "" {
			name = "guide-" + tag + ".pdf"
		}
		path = filepath.Join(path, name)
		info, err = os.Stat(path)
	} else if tag != "" {
		return "", false
	}
	return path, err == nil && info.Mode().IsRegular()
}
