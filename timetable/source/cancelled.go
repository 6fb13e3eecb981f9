package source

import (
	"regexp"
	"strings"

	"infobus/timetable"
)

// cancelWords are what calendar programs and people put before the title of what
// is off. Outlook does so in the language of whoever cancels, and leaves STATUS
// at CONFIRMED.
var cancelWords = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Split(`Canceled, Cancelled, Closed, Annulé, Annulée, Annulés, Annulées, Fermé, Fermée, Supprimé, Abgesagt, Storniert, Entfällt, Geannuleerd, Afgelast, Cancelado,
		Cancelada, Annullato, Annullata, Cancellato, Odwołane, Odwołano, Anulowano, Anulowane, Отменено, Отменена, Отменён, Скасовано, Zrušeno, Zrušené, Lemondva, Törölve,
		Anulat, Anulată, Revocat, Revocată, Ακυρώθηκε, Ακυρωμένο, İptal, İptal Edildi, Inställt, Inställd, Avbokat, Aflyst, Annulleret, Avlyst, Peruutettu, Peruttu, Tühistatud,
		Atcelts, Atšaukta, Otkazano, Отказано, Preklicano, Cancel·lat, Cancel·lada, ملغى, ملغي, ملغاة, ألغي, تم الإلغاء, בוטל, מבוטל, لغو شده, لغو, منسوخ, لغوه, ተሰርዟል, ተሰሪዙ,
		Haqameera, Đã hủy, Đã huỷ, Đã hủy bỏ, Hủy, ยกเลิก, ยกเลิกแล้ว, キャンセル済み, キャンセル, 取り消し, 已取消, 取消, 취소됨, 취소, रद्द, Dibatalkan`, ",") {
		words[timetable.Plainly(w)] = true
	}
	return words
}()

var (
	bracketBefore = regexp.MustCompile(`^\s*[\[(*【（]+([^\])*】）]+)[\])*】）]+\s*(.*)$`)
	bracketAfter  = regexp.MustCompile(`^(.*?)\s*[\[(*【（]+([^\])*】）]+)[\])*】）]+\s*$`)
	divider       = regexp.MustCompile(`\s*[:：|]\s*|\s+[-–—]\s+|[–—]`)
)

// cancelledTitle says whether a title has a word for cancelled before or after
// it, and what is left without: "Canceled: Tea", "Tea (annulé)", "ANNULÉ Tea".
func cancelledTitle(title string) (rest string, off bool) {
	is := func(s string) bool { return cancelWords[timetable.Plainly(s)] }
	if is(title) {
		return "", true
	}
	if m := bracketBefore.FindStringSubmatch(title); m != nil && is(m[1]) {
		return m[2], true
	}
	if m := bracketAfter.FindStringSubmatch(title); m != nil && is(m[2]) {
		return m[1], true
	}
	if at := divider.FindAllStringIndex(title, 10); at != nil {
		if first := at[0]; is(title[:first[0]]) {
			return strings.TrimSpace(title[first[1]:]), true
		}
		if last := at[len(at)-1]; is(title[last[1]:]) {
			return strings.TrimSpace(title[:last[0]]), true
		}
	}
	if word, after, ok := strings.Cut(strings.TrimSpace(title), " "); ok && is(word) && word == strings.ToUpper(word) && word != strings.ToLower(word) {
		return strings.TrimSpace(after), true
	}
	return title, false
}
