// What people read, French first. A key that is missing in a language is a mistake (see tests/simulator/test_page.py).

export const WORDS = {
  fr: {
    subtitle: "simulateur Twilio", connecting: "connexion…", live: "en direct", lost: "hors ligne, nouvel essai…",
    clock: "Horloge du simulateur", language: "Langue", phones: "Téléphones", tools: "Outils", now: "maintenant",
    add_phone: "Téléphone", faults: "Pannes", account: "Compte", log: "Journal", close: "Fermer",
    customer: "client", provider: "prestataire", staff: "équipe",
    settings: "Réglages du téléphone", on: "Allumé", whatsapp: "A WhatsApp", blocks_sender: "Bloque Djobea",
    hides_number: "Cache son numéro", read_receipts: "Confirmations de lecture",
    is_off: "éteint", no_whatsapp: "sans WhatsApp", blocks: "bloque Djobea", hidden: "numéro caché",
    window_open: "Fenêtre de 24 h ouverte encore {0}", window_closed: "Fenêtre de 24 h fermée : seuls les modèles approuvés passent",
    write_stop: "Écrire STOP", hide_phone: "Retirer de l'écran", unread: "{0} non lus",
    write: "Écrire un message", send: "Envoyer", attach: "Joindre", location: "Position", photo: "Photo", voice: "Message vocal",
    phone_off: "Le téléphone est éteint", sms_one_way: "Sans WhatsApp : on ne peut pas répondre aux SMS",
    write_sms: "Écrire un SMS",
    sample_photo: "Photo d'exemple", choose_file: "Choisir un fichier", sample_voice: "Vocal d'exemple",
    record: "Enregistrer", stop_recording: "Arrêter et envoyer", no_microphone: "Pas de micro ici",
    here: "Envoyer cette position", place: "Lieu", cancel: "Annuler", choose: "Choisir",
    sms: "SMS", empty_chat: "Écrivez à Djobea pour commencer.", empty_provider: "Les offres de travail arrivent ici.",
    queued: "en file", accepted: "accepté", scheduled: "programmé", sending: "en cours d'envoi", sent: "envoyé",
    delivered: "remis", read: "lu", failed: "échec", undelivered: "non remis", canceled: "annulé", received: "reçu",
    not_taken: "Djobea n'a pas reçu ce message", on_its_way: "en route vers Djobea", taken: "reçu par Djobea",
    repair_all: "Tout réparer", scripts: "Scénarios prêts", each_fault: "Chaque panne", active: "active", hits: "{0} fois",
    ends_in: "finit dans {0}", running: "Scénarios en cours", step: "étape {0} sur {1}",
    probability: "Probabilité", count: "Nombre de fois", duration_seconds: "Durée (s)", channel: "Canal", any: "tous",
    limit: "Limite", null_text: "Texte « null »", listed: "Reste dans la liste", code: "Code", where: "Lieu",
    answer: "réponse", callback: "accusé", retry_after: "Retry-After (s)", above_per_second: "Au-delà de (par s)",
    http_status: "Statut HTTP", created: "Message créé quand même", html: "Corps HTML", seconds: "Secondes", spread: "Écart (s)",
    all_calls: "Tous les appels", body: "Corps", statuses: "Statuts", copies: "Copies", hold_seconds: "Retenue (s)",
    message: "Texte", apply: "Appliquer", details: "Réglages", recipient: "Destinataire",
    used: "{0} sur {1} messages en 24 h", used_unlimited: "{0} messages en 24 h, sans limite",
    next_slot: "prochaine place : {0}", trial: "compte d'essai", balance: "Solde", set_limit: "Limite par 24 h",
    no_limit: "aucune", senders: "Expéditeurs", online: "en ligne", offline: "hors ligne", unknown: "inconnu (panne)",
    all: "tout", api: "API", callbacks: "accusés", inbound: "entrants", nothing_yet: "Rien pour l'instant.",
    try_again: "{0} essais", cut: "coupé", no_connection: "pas de connexion", no_answer: "pas de réponse",
    lost_on_purpose: "perdu exprès", no_webhook: "aucun webhook",
    add_title: "Ajouter un téléphone", search: "Chercher un nom ou un numéro", new_phone: "Nouveau téléphone",
    name: "Nom", number: "Numéro", role: "Rôle", create: "Créer", show: "Afficher", shown: "affiché",
    voice_note: "Message vocal", document: "Document", open_map: "Position partagée", call: "Appeler {0}",
  },
  en: {
    subtitle: "Twilio simulator", connecting: "connecting…", live: "live", lost: "offline, trying again…",
    clock: "Simulator's clock", language: "Language", phones: "Phones", tools: "Tools", now: "now",
    add_phone: "Phone", faults: "Faults", account: "Account", log: "Log", close: "Close",
    customer: "customer", provider: "provider", staff: "staff",
    settings: "Phone settings", on: "Switched on", whatsapp: "Has WhatsApp", blocks_sender: "Blocks Djobea",
    hides_number: "Hides the number", read_receipts: "Read receipts",
    is_off: "off", no_whatsapp: "no WhatsApp", blocks: "blocks Djobea", hidden: "number hidden",
    window_open: "24-hour window open for another {0}", window_closed: "24-hour window closed: only approved templates pass",
    write_stop: "Write STOP", hide_phone: "Take off the screen", unread: "{0} unread",
    write: "Write a message", send: "Send", attach: "Attach", location: "Location", photo: "Photo", voice: "Voice note",
    phone_off: "The phone is switched off", sms_one_way: "No WhatsApp: an SMS cannot be answered",
    write_sms: "Write an SMS",
    sample_photo: "Sample photo", choose_file: "Choose a file", sample_voice: "Sample voice note",
    record: "Record", stop_recording: "Stop and send", no_microphone: "No microphone here",
    here: "Send this location", place: "Place", cancel: "Cancel", choose: "Choose",
    sms: "SMS", empty_chat: "Write to Djobea to begin.", empty_provider: "Job offers arrive here.",
    queued: "queued", accepted: "accepted", scheduled: "scheduled", sending: "sending", sent: "sent",
    delivered: "delivered", read: "read", failed: "failed", undelivered: "undelivered", canceled: "cancelled", received: "received",
    not_taken: "Djobea did not get this message", on_its_way: "on its way to Djobea", taken: "received by Djobea",
    repair_all: "Repair everything", scripts: "Ready-made scripts", each_fault: "Each fault", active: "on", hits: "{0} times",
    ends_in: "ends in {0}", running: "Scripts running", step: "step {0} of {1}",
    probability: "Probability", count: "How many times", duration_seconds: "Duration (s)", channel: "Channel", any: "any",
    limit: "Limit", null_text: "Text says “null”", listed: "Stays in the list", code: "Code", where: "Place",
    answer: "answer", callback: "callback", retry_after: "Retry-After (s)", above_per_second: "Above (per s)",
    http_status: "HTTP status", created: "Message created all the same", html: "HTML body", seconds: "Seconds", spread: "Spread (s)",
    all_calls: "All calls", body: "Body", statuses: "Statuses", copies: "Copies", hold_seconds: "Held back (s)",
    message: "Text", apply: "Apply", details: "Settings", recipient: "Recipient",
    used: "{0} of {1} messages in 24 h", used_unlimited: "{0} messages in 24 h, no limit",
    next_slot: "next free slot: {0}", trial: "trial account", balance: "Balance", set_limit: "Limit per 24 h",
    no_limit: "none", senders: "Senders", online: "online", offline: "offline", unknown: "unknown (fault)",
    all: "all", api: "API", callbacks: "receipts", inbound: "inbound", nothing_yet: "Nothing yet.",
    try_again: "{0} tries", cut: "cut", no_connection: "no connection", no_answer: "no answer",
    lost_on_purpose: "lost on purpose", no_webhook: "no webhook",
    add_title: "Add a phone", search: "Search a name or number", new_phone: "New phone",
    name: "Name", number: "Number", role: "Role", create: "Create", show: "Show", shown: "shown",
    voice_note: "Voice note", document: "Document", open_map: "Shared location", call: "Call {0}",
  },
};

const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("language");
let language = asked in WORDS ? asked : "fr";

export const currentLanguage = () => language;

export function speak(wanted) {
  language = wanted in WORDS ? wanted : "fr";
  localStorage.setItem("language", language);
}

// The word for a key, with its {0}, {1} filled in.
export function t(key, ...values) {
  const text = WORDS[language][key] ?? key;
  return text.replace(/\{(\d)\}/g, (_, index) => values[index]);
}

export const titleOf = (titles) => titles[language] ?? titles.fr;

export function translatePage() {
  document.documentElement.lang = language;
  document.querySelectorAll("[data-words]").forEach((each) => { each.textContent = t(each.dataset.words); });
  document.querySelectorAll("[data-label]").forEach((each) => each.setAttribute("aria-label", t(each.dataset.label)));
  document.querySelectorAll("[data-language]").forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.language === language)));
}

export function duration(seconds) {
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}`;
  return seconds >= 60 ? `${Math.round(seconds / 60)} min` : `${Math.max(0, Math.round(seconds))} s`;
}

export const clockTime = (seconds) => new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
