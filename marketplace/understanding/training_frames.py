"""Sentence frames from which training messages are composed; "zzz" stands for a zone."""

from typing import Final

OPENERS: Final = {
    "fr": ["bonjour", "bonsoir", "salut", "bjr", "svp", "bonjour svp", "bonsoir monsieur", "excusez-moi", "bonjour c'est madame Ngo", "slt", "bonjour j'ai un problème", "aidez-moi", "s'il vous plaît", "bonjour je voulais savoir", "j'ai un souci", "bonjour voilà", "moi c'est Paul", "mon problème c'est que", "chez moi", "dans mon appartement", "à la maison", "dans ma chambre", "au bureau", "dans ma boutique", "dans mon restaurant"],
    "en": ["hello", "hi", "good morning", "please", "hi please", "good evening", "hey", "excuse me", "hello I have a problem", "I have an issue", "in my house", "at my place", "in our office", "in my shop", "at home", "hello sir", "hi there", "my problem is"],
    "pcm": ["abeg", "good morning", "how now", "my brother", "please", "massa", "for my house", "for my place", "hello", "I get problem", "for my shop", "good evening", "oga"],
}  # fmt: skip
CLOSERS: Final = {
    "fr": ["svp", "merci", "merci d'avance", "urgent", "c'est urgent", "vite", "venez vite", "que faire", "c'est combien ?", "c'est possible ?", "quelqu'un peut passer ?", "pouvez-vous m'aider ?", "aidez-moi", "depuis hier", "depuis deux jours", "depuis ce matin", "il faut quelqu'un", "quel est le prix ?", "j'attends votre réponse", "besoin de quelqu'un", "je veux un technicien", "vous pouvez venir ?", "depuis une semaine", "il fo kelkun", "c'est madame Ngo", "moi c'est Paul", "mon numéro", "appelez-moi", "appelez sur ce numéro", "je m'appelle Aïcha", "c'est la voisine qui m'a donné le contact", "mon mari n'est pas là", "j'ai déjà appelé quelqu'un mais rien", "je ne sais pas quoi faire", "les enfants sont là", "vous êtes où"],
    "en": ["please", "thanks", "thank you", "urgent", "asap", "come quickly", "how much?", "can someone come?", "can you help?", "since yesterday", "for two days now", "since this morning", "need someone", "what is the price?", "is it possible?", "I need help", "any available?", "please send someone", "this is Mrs Ngo", "my name is Paul", "call me on this number", "my neighbour gave me your number", "I tried but nothing", "I don't know what to do", "my kids are at home"],
    "pcm": ["abeg", "please", "quick quick", "how much", "come help me", "since yesterday", "I need person", "una fit come?", "e don tay", "who fit do am", "since morning", "make person come", "find me person", "na Paul di talk", "call me for this number", "I don try but nothing", "I no know wetin to do", "pikin dem dey for house"],
}  # fmt: skip
PLACES: Final = {
    "fr": ["à zzz", "zzz", "a zzz", "je suis à zzz", "quartier zzz", "vers zzz", "au zzz", "chez moi à zzz", "j'habite zzz", "carrefour zzz", "zzz derrière la pharmacie", "à zzz face à l'église", "du côté de zzz", "ma maison est à zzz"],
    "en": ["in zzz", "at zzz", "zzz", "I'm in zzz", "my house is in zzz", "near zzz", "I live in zzz", "around zzz", "zzz near the market"],
    "pcm": ["for zzz", "I dey zzz", "zzz", "na zzz I dey", "my house dey for zzz", "for zzz side"],
}  # fmt: skip
TIMES: Final = {
    "fr": ["demain", "aujourd'hui", "ce soir", "samedi", "lundi matin", "la semaine prochaine", "demain à 9h", "cet après-midi", "ce week-end", "jeudi", "dès demain", "le 12", "après 14h", "dans deux jours", "maintenant"],
    "en": ["tomorrow", "today", "tonight", "on Saturday", "Monday morning", "next week", "this afternoon", "this weekend", "tomorrow at 9", "on the 12th", "in two days", "now", "right now"],
    "pcm": ["tomorrow", "today", "this evening", "Saturday", "next week", "now now", "tomorrow morning", "for weekend"],
}  # fmt: skip
NAME_FRAMES: Final = {
    "fr": ["je cherche {}", "je cherche un {}", "je cherche un {} à zzz", "je suis à la recherche d'un {}", "je cherche {} à zzz svp", "j'ai besoin d'un {}", "besoin d'un {}", "il me faut un {}", "un {}", "{}", "{} svp", "je veux un {}", "un bon {}", "je voudrais un {}", "avez-vous un {} ?", "trouvez-moi un {}", "{} pour ma maison", "besoin {}", "il faut un {} pour des travaux", "c'est combien un {}", "je veux un devis pour {}", "service de {}", "des {} disponibles ?", "envoyez un {}", "travaux de {}", "g besoin d1 {}", "un {} pour une petite réparation", "un {} sérieux"],
    "en": ["I need a {}", "need a {}", "looking for a {}", "{} needed", "{}", "I want a {}", "can I get a {}", "do you have a {}?", "{} please", "a good {}", "send me a {}", "{} for my house", "find me a {}", "I'm looking for {}", "{} services", "any {} available?", "how much for {}", "quote for {}", "I would like a {}"],
    "pcm": ["I need {}", "I want {}", "I di find {}", "find me {}", "{}", "una get {}?", "send {} for me", "I wan see {}", "make {} come", "{} dey?", "who sabi {}", "bring {} come", "abeg find me {}", "I need {} for zzz", "abeg I want {}", "I di look {}", "find {} for me abeg", "I di find {} for zzz", "get {} for me"],
}  # fmt: skip
OBJECT_FRAMES: Final = {
    "fr": ["{} en panne", "mon {} est gâté", "ma {} ne marche plus", "problème de {}", "problème avec {}", "réparer {}", "réparer mon {}", "changer {}", "remplacer {}", "{} cassé", "{} à réparer", "{} à changer", "{}", "mon {} est foutu", "{} a un souci", "pour {}", "j'ai un souci de {}", "{} bloqué", "il faut regarder mon {}", "le {} fait un bruit bizarre", "{} défectueux", "question de {}", "{} abîmé", "mon {} m'énerve", "vérifier {}", "{} à refaire", "{} qui ne va pas", "le {} a wanda", "mon {} est mort", "installer {}", "poser {}"],
    "en": ["{} broken", "my {} is not working", "my {} is broken", "fix my {}", "repair {}", "replace {}", "problem with my {}", "{} problem", "{}", "the {} is damaged", "my {} stopped working", "{} needs fixing", "check my {}", "issue with the {}", "{} is bad", "work on my {}", "my {} is faulty", "change the {}", "the {} is making noise", "install {}", "something is wrong with the {}"],
    "pcm": ["{} don spoil", "my {} don spoil", "{} no di work", "fix {} for me", "{} get problem", "my {} don die", "repair my {}", "{} don break", "{} di worry me", "change {}", "put {}"],
}  # fmt: skip
MOVES: Final = {
    "fr": ["transporter {0}", "transporter {0} et {1}", "je déménage avec {0}, {1} et des cartons", "déplacer {0}", "je quitte zzz pour zzz, j'ai {0} et {1}", "livrer {0} chez moi", "récupérer {0} à zzz et livrer à zzz", "porter {0} au deuxième étage", "il faut un camion pour {0} et {1}", "aller prendre {0} chez mon frère et ramener à la maison", "charger {0} et {1}", "pick-up pour {0}", "descendre {0} et monter {1}", "amener {0} de zzz à zzz", "je dois enlever {0} et {1} de mon ancienne maison", "déménagement de zzz à zzz avec {0}", "un véhicule pour {0}", "j'ai acheté {0} au marché, il faut livrer à zzz", "emballer et transporter {0}", "on change de maison, il y a {0} et {1}", "porter {0} et {1} chez ma soeur", "{0}, {1} à emmener à zzz", "je pars samedi avec {0} et {1}, il faut des porteurs", "récupérer {0} acheté à zzz", "il faut sortir {0} et {1} de la maison", "débarrasser {0} et {1}", "livraison {0}", "deux gars pour monter {0}", "acheminer {0} au village", "jeter {0}"],
    "en": ["move {0}", "move my {0} and {1}", "transport {0}", "I'm moving, I have {0} and {1}", "carry {0} upstairs", "deliver {0} to my place", "pick up {0} from zzz and drop at zzz", "truck for {0} and {1}", "I need a van to move {0}", "I am moving from zzz to zzz with {0} and {1}", "take {0} to my new house", "load {0} and {1}", "shift {0} to another apartment", "bring {0} from zzz", "relocating with {0} and {1}", "two men to lift {0}", "delivery of {0} and {1}", "get rid of old {0}", "pick up {0} I bought in zzz"],
    "pcm": ["carry my {0} go zzz", "carry {0} and {1} for new house", "I wan move {0} from zzz go zzz", "I di pack, I get {0} and {1}", "motor for carry {0}", "truck for carry my {0} and {1}", "help me carry {0}", "take my {0} go another house", "I di shift for zzz, carry {0}"],
}  # fmt: skip
MOVED_GOODS: Final = {
    "fr": ["un frigo", "mon frigo", "un lit", "deux lits", "une machine à laver", "un salon", "un canapé", "des fauteuils", "une armoire", "un congélateur", "une télé", "une table et des chaises", "une gazinière", "des matelas", "un bureau", "des meubles", "une cuisinière", "un climatiseur", "un groupe électrogène", "des ordinateurs", "un piano", "des carreaux", "des sacs de ciment", "un coffre", "une bibliothèque", "un miroir", "des cartons", "un salon de 7 places"],
    "en": ["fridge", "bed", "two beds", "washing machine", "sofa", "couch", "wardrobe", "freezer", "TV", "dining table and chairs", "cooker", "mattress", "desk", "furniture", "boxes", "generator", "bookshelf", "computers", "air conditioner", "piano", "cupboard"],
    "pcm": ["bed", "fridge", "chair dem", "cupboard", "freezer", "TV", "mattress", "table", "wardrobe", "load", "machine", "cooker", "gen"],
}  # fmt: skip
# Trades that work on things of other trades: what is cleaned, painted or guarded is not to be repaired.
HANDLED: Final = {
    "menage": {
        "fr": (
            ["nettoyer {0}", "laver {0}", "dépoussiérer {0} et {1}", "nettoyage de {0} et {1}", "faire {0} et {1}", "quelqu'un pour nettoyer {0}", "récurer {0}", "grand ménage: {0}, {1}", "{0} sont sales, il faut nettoyer", "essuyer {0}"],
            ["les vitres", "le four", "les placards", "les sols", "les murs de la cuisine", "les escaliers", "le frigo et le four", "les toilettes et la douche", "la salle de bain", "les fenêtres", "les tapis", "les fauteuils", "le canapé", "les bureaux", "la terrasse", "la cour", "les carreaux", "les lustres", "les meubles", "la citerne", "le garage"],
        ),
        "en": (
            ["clean {0}", "wash {0} and {1}", "dust {0} and {1}", "someone to clean {0}", "scrub {0}", "{0} cleaning", "clean up {0} after the works"],
            ["the windows", "the oven", "the cupboards", "the floors", "the toilets", "the bathroom", "the stairs", "the carpets", "the sofa", "the tiles", "the office", "the fridge", "the yard", "the roof tiles", "the water tank"],
        ),
        "pcm": (
            ["clean {0}", "wash {0} and {1}", "I need person for clean {0}", "sweep {0}", "{0} dirty, make person clean am"],
            ["window", "floor", "toilet", "kitchen", "chair dem", "plate dem", "compound", "carpet", "parlour"],
        ),
    },
    "peinture": {
        "fr": (
            ["peindre {0}", "repeindre {0} et {1}", "peinture sur {0}", "donner une couche à {0}", "refaire la peinture de {0}", "vernir {0}", "laquer {0}", "changer la couleur de {0}", "mettre {0} en blanc", "{0} à repeindre"],
            ["le portail", "les grilles", "la clôture", "le plafond", "les portes", "les fenêtres", "les tôles du toit", "les murs", "le balcon", "la façade", "l'escalier", "les meubles", "la boutique", "le lambris", "les volets", "la barrière", "le hangar"],
        ),
        "en": (
            ["paint {0}", "repaint {0} and {1}", "varnish {0}", "a new colour on {0}", "{0} needs painting"],
            ["the gate", "the fence", "the ceiling", "the doors", "the windows", "the roof", "the walls", "the balcony", "the stairs", "the furniture", "the shop"],
        ),
        "pcm": (
            ["paint {0}", "I wan paint {0} and {1}", "change color for {0}"],
            ["gate", "fence", "ceiling", "door dem", "zinc", "wall", "shop", "parlour"],
        ),
    },
    "gardiennage": {
        "fr": (
            ["garder {0}", "surveiller {0} la nuit", "faire garder {0}", "quelqu'un qui dort sur place pour {0}", "sécuriser {0}", "on vole {0}, il faut un gardien", "surveillance de {0} pendant notre absence"],
            ["le chantier", "le magasin", "les voitures", "le groupe", "les cuves", "la maison", "les matériaux", "le dépôt", "la boutique de téléphones", "les panneaux", "le parking", "l'école", "la ferme"],
        ),
        "en": (
            ["guard {0}", "watch {0} at night", "someone to protect {0}", "people steal from {0}, we want a guard", "look after {0} while we travel"],
            ["the site", "the shop", "the cars", "the generator", "the warehouse", "the house", "the school", "the farm", "the building materials"],
        ),
        "pcm": (
            ["watch {0} for night", "man for guard {0}", "thief di worry {0}, I need watchman"],
            ["shop", "house", "compound", "car dem", "site", "store"],
        ),
    },
}  # fmt: skip
