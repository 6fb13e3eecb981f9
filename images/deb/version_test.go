package deb

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// semver is the standard's own expression, https://semver.org, without its names.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$`)

// Of a history each version is semver, and newer for dpkg than the one before.
func TestVersionsAreSemverAndGrow(t *testing.T) {
	needed(t, "git", "dpkg")
	build, err := filepath.Abs(filepath.Join(project, "images/build"))
	if err != nil {
		t.Fatal(err)
	}
	repository := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		run(t, repository, nil, "git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"}, args...)...)
	}
	commit := func() { git("commit", "-q", "--allow-empty", "-m", "x") }
	before := "0~812.1f2e3d4" // as versions were before they were semver
	for _, step := range []struct {
		about, want string
		do          func()
	}{
		{"without git", "0.0.0-dev", func() {}},
		{"the first commit", "0.1.0-dev.1+g", func() { git("init", "-q"); commit() }},
		{"the eleventh", "0.1.0-dev.11+g", func() {
			for range 10 {
				commit()
			}
		}},
		{"a word for a tag", "0.1.0-dev.12+g", func() { commit(); git("tag", "tried") }},
		{"a release", "0.1.0", func() { commit(); git("tag", "v0.1.0") }},
		{"a commit behind it", "0.1.1-dev.1+g", commit},
		{"a change that is no commit", "0.1.1-dev.2+g", func() {
			commit()
			run(t, repository, nil, "sh", "-c", "echo x >file && git add file")
		}},
		{"the next release", "0.2.0", func() { git("commit", "-q", "-m", "y"); git("tag", "-m", "a note", "v0.2.0") }},
	} {
		step.do()
		said := strings.Fields(run(t, repository, []string{"GIT_CEILING_DIRECTORIES=" + filepath.Dir(repository)}, "bash", "-euc",
			". "+build+"/programs.sh; . "+build+"/deb.sh; version; deb_version"))
		if len(said) != 2 || !semver.MatchString(said[0]) || !strings.HasPrefix(said[0], step.want) || !strings.HasSuffix(step.want, "+g") && said[0] != step.want {
			t.Fatalf("%s: the versions are %q, want %s as semver", step.about, said, step.want)
		}
		if step.about == "without git" {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), "dpkg", "--compare-versions", said[1], "gt", before).CombinedOutput(); err != nil {
			t.Errorf("%s: for dpkg %s is not newer than %s: %v %s", step.about, said[1], before, err, out)
		}
		before = said[1]
	}
}
