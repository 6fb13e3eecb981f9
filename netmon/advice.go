package netmon

import (
	"fmt"
	"strings"
	"time"
)

// advice holds one sentence a verdict, which a person who is no technician can
// act on, in English and French.
var advice = map[Verdict][2]string{
	Starting: {
		"The box is still looking at the internet connection: wait a minute.",
		"Le boîtier examine encore la connexion internet : attendez une minute.",
	},
	PortMissing: {
		"The box does not find its own network port: push its network adapter in firmly, or switch the box off and on again.",
		"Le boîtier ne trouve pas sa prise réseau : enfoncez bien son adaptateur réseau, ou éteignez puis rallumez le boîtier.",
	},
	CableUnplugged: {
		"The cable between the box and the Cisco box is out at one end: push both ends in.",
		"Le câble entre le boîtier et le boîtier Cisco est débranché d'un côté : enfoncez bien les deux bouts.",
	},
	NoAddress: {
		"The Cisco box has not let this box in: wait two minutes, then switch the Cisco box off and on again.",
		"Le boîtier Cisco n'a pas encore accepté ce boîtier : attendez deux minutes, puis éteignez et rallumez le boîtier Cisco.",
	},
	GatewaySilent: {
		"The Cisco box does not answer: check that its lights are on, then switch it off and on again.",
		"Le boîtier Cisco ne répond pas : vérifiez que ses voyants sont allumés, puis éteignez-le et rallumez-le.",
	},
	NoInternet: {
		"The Cisco box has no mobile internet: move the van or its antenna to a more open place, and check that the SIM card has credit.",
		"Le boîtier Cisco n'a pas d'internet mobile : déplacez le fourgon ou l'antenne vers un endroit plus dégagé, et vérifiez le crédit de la carte SIM.",
	},
	CaptivePortal: {
		"A sign-in page stands before the internet: open any page on a phone on the same Wi-Fi and sign in, or ask the operator about the SIM card's credit.",
		"Une page de connexion bloque internet : ouvrez une page sur un téléphone du même Wi-Fi et identifiez-vous, ou vérifiez le crédit de la carte SIM.",
	},
	DNSFailing: {
		"The internet is there but no names are found: switch the Cisco box off and on again.",
		"Internet est là mais aucun nom de site n'est trouvé : éteignez puis rallumez le boîtier Cisco.",
	},
	Slow: {
		"The internet works but is slow: ask people to leave videos for later, or move the van to a more open place.",
		"Internet fonctionne mais lentement : demandez de garder les vidéos pour plus tard, ou déplacez le fourgon vers un endroit plus dégagé.",
	},
	OK: {
		"The internet works: there is nothing to do.",
		"Internet fonctionne : il n'y a rien à faire.",
	},
	Unknown: {
		"The box cannot tell whether the internet works: try a page on a phone.",
		"Le boîtier ne peut pas dire si internet fonctionne : essayez une page sur un téléphone.",
	},
}

// Advice is one sentence to act on, in the language of the BCP 47 tag lang:
// French for fr, English for every other.
func (v Verdict) Advice(lang string) string {
	sentence, ok := advice[v]
	if !ok {
		sentence = advice[Unknown]
	}
	if base, _, _ := strings.Cut(lang, "-"); strings.EqualFold(base, "fr") {
		return sentence[1]
	}
	return sentence[0]
}

// loose is the advice for a cable that comes and goes.
const (
	looseEnglish = "The cable between the box and the Cisco box is loose or broken: push both ends in until they click, or use another cable."
	looseFrench  = "Le câble entre le boîtier et le boîtier Cisco est mal enfoncé ou abîmé : enfoncez les deux bouts jusqu'au clic, ou prenez un autre câble."
	// restart is the advice while the gateway restarts itself.
	restartEnglish = "The Cisco box restarts itself, as it does after half an hour without mobile internet: wait five minutes."
	restartFrench  = "Le boîtier Cisco redémarre seul, comme après une demi-heure sans internet mobile : attendez cinq minutes."
	// boot is the advice after the gateway's power has come back.
	bootEnglish = "The Cisco box is starting, and looks for its mobile network: wait five minutes."
	bootFrench  = "Le boîtier Cisco démarre et cherche son réseau mobile : attendez cinq minutes."
	// clock is the advice while all is well but the box's clock.
	clockEnglish = "The internet works, but the box's clock is wrong: it should set itself within ten minutes; if it does not, tell the remote helpers."
	clockFrench  = "Internet fonctionne, mais l'horloge du boîtier est fausse : elle devrait se régler seule en dix minutes ; sinon, prévenez l'équipe à distance."
	// route is the advice where the box has an address, and no way to the gateway
	// or one that somebody led elsewhere.
	routeEnglish = "Something on this box changed its way to the Cisco box: switch the box off and on again; if that does not help, tell the remote helpers."
	routeFrench  = "Quelque chose dans le boîtier a changé sa route vers le boîtier Cisco : éteignez puis rallumez le boîtier ; si cela ne suffit pas, prévenez l'équipe à distance."
	// spent is the advice where nothing is left of the data budget to ask with.
	spentEnglish = "The box has used up the data it may use for itself, and cannot tell whether the internet works: try a page on a phone."
	spentFrench  = "Le boîtier a épuisé les données prévues pour lui-même et ne peut pas dire si internet fonctionne : essayez une page sur un téléphone."
	// half is the advice for a slow internet over a cable that is half broken.
	halfEnglish = "The internet is slow, and the cable between the box and the Cisco box carries less than it should: use another cable."
	halfFrench  = "Internet est lent, et le câble entre le boîtier et le boîtier Cisco transporte moins qu'il ne devrait : prenez un autre câble."
)

// cuts hold the advice while the gateway is without power.
var cuts = map[Cut][2]string{
	Saving: {
		"The box has switched the Cisco box off to save the battery: start a generator, or tell the box on its page to do everything all the same.",
		"Le boîtier a éteint le boîtier Cisco pour économiser la batterie : démarrez un groupe électrogène, ou demandez au boîtier, sur sa page, de tout faire quand même.",
	},
	ByRemedy: {
		"The box switches the Cisco box off and on again: wait five minutes.",
		"Le boîtier éteint puis rallume le boîtier Cisco : attendez cinq minutes.",
	},
	BySelftest: {
		"The self-test switches the Cisco box off and on again: wait five minutes.",
		"L'autotest éteint puis rallume le boîtier Cisco : attendez cinq minutes.",
	},
}

// Advice is that of the verdict that shows, and of what was found besides.
func (s State) Advice(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	french := strings.EqualFold(base, "fr")
	in := func(english, other string) string {
		if french {
			return other
		}
		return english
	}
	probe, fresh := s.Probe.Get()
	link, known := s.Link.Get()
	if cut, off := cuts[s.conditions.Cut]; off {
		return in(cut[0], cut[1])
	}
	switch {
	case s.Booting && s.Verdict == Starting:
		return in(bootEnglish, bootFrench)
	case s.Restarting:
		return in(restartEnglish, restartFrench)
	case s.Flapping && (s.Verdict == CableUnplugged || s.Verdict == Starting || s.Verdict == OK):
		return in(looseEnglish, looseFrench)
	case s.routeless(s.Verdict), s.displaced() && rank(s.Verdict) < rank(Slow):
		return in(routeEnglish, routeFrench)
	case s.Verdict == Slow && known && (link.Duplex == "half" || link.Speed == 10):
		return in(halfEnglish, halfFrench)
	case s.Verdict == Unknown && fresh && probe.Spent:
		return in(spentEnglish, spentFrench)
	case s.Verdict == OK && fresh && probe.ClockWrong:
		return in(clockEnglish, clockFrench)
	}
	return s.Verdict.Advice(lang)
}

// enough holds what is said of the data, in English and French; %d is the SIM
// card's slot, %s an hour.
var enough = map[Enough][2]string{
	EnoughUnknown: {
		"It is not known whether the data is enough for this session.",
		"On ne sait pas si les données suffisent pour cette session.",
	},
	EnoughYes: {
		"The data is enough for this session.",
		"Les données suffisent pour cette session.",
	},
	EnoughUntil: {
		"The data of SIM %d is enough until %s: top it up before that.",
		"Les données de la SIM %d suffisent jusqu'à %s : rechargez-la avant.",
	},
	EnoughNot: {
		"The data of SIM %d is used up: top it up.",
		"Les données de la SIM %d sont épuisées : rechargez-la.",
	},
}

// Advice is one sentence about the data, as Verdict.Advice has it; hours are in
// the zone.
func (f Forecast) Advice(lang string, zone *time.Location) string {
	sentence := enough[f.Enough][0]
	if base, _, _ := strings.Cut(lang, "-"); strings.EqualFold(base, "fr") {
		sentence = enough[f.Enough][1]
	}
	switch f.Enough {
	case EnoughUntil:
		return fmt.Sprintf(sentence, f.Slot, f.Until.In(zone).Format("15:04"))
	case EnoughNot:
		return fmt.Sprintf(sentence, f.Slot)
	}
	return sentence
}
