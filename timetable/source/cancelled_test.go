package source

import (
	"strings"
	"testing"
)

func TestTitlesOfWhatIsCancelled(t *testing.T) {
	for title, want := range map[string]string{
		"Canceled: Hot meals": "Hot meals", "Cancelled: Hot meals": "Hot meals", "CANCELLED: Hot meals": "Hot meals", "Annulé : Repas": "Repas", "Annulé: Repas": "Repas",
		"Annulée : Douche": "Douche", "ANNULÉ Repas": "Repas", "Abgesagt: Essen": "Essen", "Geannuleerd: Eten": "Eten", "Cancelado: Comida": "Comida", "Odwołane: Obiad": "Obiad",
		"İptal Edildi: Yemek": "Yemek", "تم الإلغاء: شاي": "شاي", "ملغى: شاي": "شاي", "已取消: 茶": "茶", "已取消：茶": "茶", "Đã hủy: Trà": "Trà", "Inställt: Te": "Te",
		"[Cancelled] Tea": "Tea", "Tea (annulé)": "Tea", "Tea - CANCELLED": "Tea", "Cancelled - Tea": "Tea", "Canceled": "", "Cancelled: Tea: at noon": "Tea: at noon",
	} {
		if got, off := cancelledTitle(title); !off || got != want {
			t.Errorf("%q: %q, %v", title, got, off)
		}
	}
	for _, title := range []string{"Hot meals", "Closed group", "Cancelled cheques: legal advice", "Repas: annulation possible", "Tea (hot)", "Tea - coffee", "annulé Repas", ""} {
		if got, off := cancelledTitle(title); off || got != title {
			t.Errorf("%q: %q, %v", title, got, off)
		}
	}
}

func FuzzCancelledTitle(f *testing.F) {
	f.Add("Canceled: Tea")
	f.Add("Tea (annulé)")
	f.Fuzz(func(t *testing.T, title string) {
		rest, off := cancelledTitle(title)
		if !off && rest != title || !strings.Contains(title, rest) {
			t.Errorf("%q: %q, %v", title, rest, off)
		}
	})
}
