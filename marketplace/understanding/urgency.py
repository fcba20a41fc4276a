"""How soon help is wanted: an emergency, today, on a named day, or not said."""

import re
from typing import Final

from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.schedule import Timing
from marketplace.understanding.values import Found

# What people write when they mean "at once".
AT_ONCE: Final = (
    r"urgent(?:e|s|es|ly)?", r"urgence", r"en urgence", r"urgency", r"emergency", r"tres vite", r"vite(?: vite)?", r"venez vite", r"au plus vite",
    r"tout de suite", r"toute suite", r"de suite", r"immediat(?:e|ement)?", r"immediate(?:ly)?", r"(?<!et )maintenant(?! (?:ca|c|il|ils|elle|elles|on|l|le|la|les|je|j|nous|plus|y|tout)\b)", r"sur le champ", r"a l instant",
    r"right now", r"right away", r"now now", r"now(?! (?:it|the|my|i|we|he|she|they|only|e)\b)", r"at once", r"straight away", r"asap", r"as soon as possible", r"des que possible",
    r"le plus (?:vite|tot|rapidement) possible", r"le plus tot", r"au secours", r"a l aide", r"sos", r"help (?:me|us)(?! (?!please|now|fast|quick|abeg|oo?\b)\w)", r"help fast", r"quick(?:ly)?(?: quick)?", r"hurry(?: up)?", r"come fast",
    r"fast(?: fast)?", r"run come", r"sharp sharp", r"rapidement", r"rapide", r"rapido", r"ca presse", r"presse", r"on ne peut pas attendre", r"can t wait", r"ne peut pas attendre",
    r"sans attendre", r"grouille", r"depeche[rz]?", r"one time", r"immediatly", r"danger(?:eux|euse|ous)?", r"en danger", r"chap chap", r"illico",
)  # fmt: skip
# What is an emergency whoever says it, by the house's own list: flood, fire, shock, gas, locked out, collapse, animals.
HAZARDS: Final = (
    r"inond\w+", r"flood\w*", r"noye\w*", r"(?:tuyau|conduite|canalisation|chauffe eau)\w* (?:\w+ ){0,3}(?:eclat\w+|explos\w+|pet\w+)", r"burst(?:ed)?(?: pipe| open)?", r"pipe (?:don )?burst", r"eau (?:jaillit|gicle)\w*",
    r"water (?:is )?(?:gushing|pouring|everywhere|all over)", r"de l eau partout", r"eau (?:coule|sort|est|entre) partout", r"water (?:don )?full (?:house|everywhere|ground)",
    r"etincelles?", r"spark(?:s|ing)?", r"(?:sent|odeur de|smell of|smells?|senteur) (?:le |de |something )?(?:brule|cramé|crame|burnt|burning|gaz|gas)", r"burn(?:ing|t) smell", r"smell(?:s|ing)?(?: of| like)? (?:gas|burn\w*)", r"(?:gas|gaz) (?:di )?(?:leak\w*|smell\w*|fuit|s echappe)",
    r"(?:leak\w*|leaking|fuite de|odeur de|sent le|smell) (?:gas|gaz)", r"(?:pris|prend|prendre|catch(?:es|ing)?|in|en|mis) (?:le )?(?:feu|fire|flammes)", r"(?:on|is) fire", r"fire (?:dey|don|for|in|broke)", r"incendie\w*", r"flammes?", r"explos\w+", r"brule (?:dans|sur|au|a cote)", r"(?:cable|fil|wire|prise|compteur|tableau) (?:\w+ ){0,2}(?:brule|burn\w*|smok\w+|fume)", r"(?:wire|socket|meter|plug) (?:di|is|dey) (?:burn\w*|smoke|smoking)", r"de la fumee", r"smoke (?:from|coming|dey comot)",
    r"(?:boite|boitier|coffret|meter|compteur|box|tableau|disjoncteur)\w* (?:\w+ ){0,3}(?:smok\w+|fume\w*|brule\w*|burning|flamm\w*)", r"(?:prend\w*|pris|recoi\w*|recu) (?:le |du |un |une |des )?(?:courant|jus|chataigne|coups? de courant)\w* (?:quand|en|des que|lorsque|si|chaque fois)",
    r"electrocut\w+", r"(?:decharge|secousse)s? electrique", r"(?:choc|chocs) electrique", r"electric(?:al)? shock", r"decharges?", r"current di (?:shock|catch)", r"getting shocks?", r"shocks? me", r"courant (?:\w+ ){0,2}(?:secoue|electrocute)", r"(?:fil|cable|wire|poteau)s? (?:\w+ ){0,3}(?:tombe|par terre|fall\w*|fell|on the ground)",
    r"enferme\w*", r"bloque\w* (?:dehors|a l exterieur|dedans|a l interieur)", r"coince\w* (?:dehors|dedans|dans l ascenseur|a l interieur|dans les toilettes|dans la (?:chambre|douche|maison))", r"locked (?:out|in|inside|myself out|herself|himself)", r"lock(?:ed)? (?:me|us|yi self|myself|ourselves|we self) (?:out|outside|for)", r"(?:porte|cles?|clefs?) (?:\w+ ){0,6}(?:suis|est|sommes|reste\w*|reste) (?:dehors|a l exterieur)", r"(?:can t|cannot|can not|no fit) (?:get in|get into|enter)(?: my| the| our)?(?: house| home| room| flat)?", r"trapped", r"(?:bebe|enfant|fils|fille|petit|gosse|jumeaux|pikin|baby|child|kid|son|daughter|toddler|mere|mama)\w* (?:\w+ ){0,5}(?:enferme\w*|dedans|a l interieur|inside|coince\w*|locked|trapped|stuck)", r"(?:peux|peut|arrive|peuvent|arrivons|puis) (?:pas|plus) (?:a )?(?:entrer|rentrer)(?: chez| a la| dans)?",
    r"s effondre\w*", r"effondre\w*", r"s ecroul\w+", r"ecroule\w*", r"menace de (?:tomber|s ecrouler|s effondrer|ceder)", r"en train de (?:tomber|s effondrer|s ecrouler|bruler|ceder|couler sur)", r"va (?:s effondrer|s ecrouler|tomber|ceder|nous tomber)", r"(?:veut|wan|wants to) (?:tomber|fall|s ecrouler)", r"(?:about|going|ready) to (?:fall|collapse)", r"collapse\w*", r"fit fall", r"(?:wall|ceiling|plafond|mur|balcon|balcony|roof|dalle) (?:is |di |dey )(?:falling|fall|collapsing|coming down)", r"tombe sur (?:nous|moi|les enfants|la tete)",
    r"(?:toit|toiture|toles?|roof|zinc)\w* (?:\w+ ){0,4}(?:envole\w*|arrache\w*|emporte\w*|blown (?:off|away)|flew|ripped off|fly|torn off|carried away)", r"(?:vent|breeze|wind|storm|tempete|tornade|orage) (?:\w+ ){0,4}(?:emporte|arrache|carry|comot|took|blew|ripped|tore)\w*(?: \w+){0,4} (?:toit|toiture|toles?|roof|zinc|roofing)\w*",
    r"serpent\w*", r"snakes?", r"cobra", r"vipere", r"mamba", r"mboma", r"abeilles?", r"\bbees?", r"essaim", r"swarm", r"guepes?", r"wasps?", r"frelons?",
    r"(?:arbre|tree|branche|branch|manguier|palmier|cocotier|stick)\w* (?:\w+ ){0,4}(?:tombe|fell|fallen|fall|don fall|has fallen)\w* (?:sur|on|for|over|dans|across)", r"(?:arbre|tree|branche)\w* (?:\w+ ){0,3}(?:menace|penche dangereusement)",
    r"blesse\w*", r"injured", r"saigne\w*", r"bleeding", r"en danger de mort", r"(?:caca|excrements|eaux usees|sewage|shit)\w* (?:\w+ ){0,3}(?:partout|everywhere|dans la maison|in the house|inside|entre\w*)", r"(?:fosse|septic|soakaway|egouts?|sewage|manhole|latrines?)\w* (?:\w+ ){0,2}(?:deborde\w*|overflow\w*)",
)  # fmt: skip
NOT_URGENT: Final = (
    r"(?:pas|rien d|aucune|sans|non) (?:\w+ ){0,2}(?:urgent\w*|urgence|presse|danger\w*|grave)", r"(?:not|no|isn t|nothing|no be|no dey) (?:\w+ ){0,2}(?:urgent\w*|emergency|rush|hurry|danger\w*|urgency)", r"no hurry",
    r"quand vous (?:pouvez|voulez|avez le temps)", r"whenever", r"any ?time", r"n importe quand", r"prenez votre temps", r"take your time", r"(?:pas|plus) si vite", r"detecteur de fumee", r"smoke (?:detector|alarm)s?",
    r"apres (?:l |une |la |le )?(?:inondation|incendie|flood)", r"after (?:the |a )?(?:flood|fire)",
    r"fire alarm", r"alarme incendie", r"depanneur rapide", r"(?:internet|connexion|connection|wifi|pc|ordinateur) (?:\w+ )?(?:pas |plus |assez )?(?:rapide|fast)", r"fast (?:internet|connection)", r"for now", r"pour l instant", r"pour le moment", r"de maintenance", r"until now", r"jusqu a maintenant", r"(?:drains?|empties|runs?|runs? out|se vide\w*|tourne|tournent) (?:too |trop |very |tres )?(?:fast|quick(?:ly)?|vite|rapidement)", r"(?:trop|too) (?:vite|fast|quick(?:ly)?)", r"days? now", r"weeks? now", r"hours? now", r"(?:bouton|numero) d urgence", r"eclairage de secours", r"groupe de secours", r"porte de secours", r"avant (?:que )?(?:ca )?(?:ne )?s effondre\w*", r"quand j (?:arrive|ai) (?:pas|plus)",
)  # fmt: skip
AT_ONCE_RE: Final = re.compile(r"\b(?:" + "|".join(AT_ONCE) + r")\b")
HAZARD_RE: Final = re.compile(r"\b(?:" + "|".join(HAZARDS) + r")\b")
NOT_URGENT_RE: Final = re.compile(r"\b(?:" + "|".join(NOT_URGENT) + r")\b")


def find_urgency(text: str, timing: Timing, vocabulary: Vocabulary) -> Found:
    """Weigh what is said about haste, danger and time; a danger counts more than a date, a date more than nothing."""
    for phrase, value in vocabulary.urgencies:
        if f" {phrase} " in f" {text} ":
            return Found(value, 0.95, (phrase,))
    calm = NOT_URGENT_RE.sub(" ", text)
    said = AT_ONCE_RE.search(NOT_URGENT_RE.sub(" ", timing.rest))
    hazard = HAZARD_RE.search(calm)
    if hazard and not (timing.later and not said):
        return Found("emergency", 0.95 if said else 0.85, (hazard.group(), *((said.group(),) if said else ())))
    if timing.later:
        return Found("scheduled", 0.7 if said else 0.92, timing.later)
    if said:
        return Found("emergency", 0.92, (said.group(),))
    if timing.today:
        return Found("today", 0.9, timing.today)
    return Found("unspecified", 0.85, ())
