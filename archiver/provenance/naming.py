"""Reading the name of an outlet or a person out of running text."""

from __future__ import annotations

import re

from archiver.provenance.agencies import agency
from archiver.provenance.outlets import domain_named

_MAX_NAME_CHARS = 80
_MAX_NAME_WORDS = 8
_MARKS = " \t:：-–—\"'“”„‚‘«»‹›[](（《「*"
# Words before a name that are no part of it: an article, "the website", "le journal".
_LEADING = re.compile(
    r"(?:the (?:\w{1,12} ){0,3}(?:issue|edition|pages) of|(?:her|his|their|my|our|its) (?:own |personal )?"
    r"(?:blog|site|website|newsletter|page)(?:,| at)?|the (?:web ?site|site|blog|magazine|newspaper|journal|"
    r"pages|website of)(?: of)?|our (?:partners?|"
    r"sister (?:site|publication))(?:,| at)?|"
    r"de[rm] (?:Webseite|Website|Zeitung|Zeitschrift|Wochenzeitung|Tageszeitung|Plattform|Blog|Magazin|Portal)|"
    r"le site(?: de)?|le journal|la revue|"
    r"el (?:sitio|portal|diario|periódico|blog)(?: de)?|la (?:revista|página|web)(?: de)?|(?:o )?(?:site|portal|"
    r"jornal)|a revista|"
    r"il (?:sito|blog|quotidiano)|the|die|der|das|dem|den|le|la|les|el|los|las|o|a|il|lo|"
    r"portalu|serwisu|strony|сайта|сайте|издания|портала|журнала|газеты) |l['’]",
    re.IGNORECASE,
)
_CAPITAL_ARTICLE = re.compile(r"(?:The|Der|Die|Das|Le|La|Les|El|Los|Il|O|A) $")  # part of the name, as in "The Example"
_ARTICLE = re.compile(r"(?:the|d(?:er|ie|as|em|en)|l[aeo]s?|el|il|o|a|our|l['’])\b", re.IGNORECASE)
# What stands in quotation marks is a name, even a word such as a weekday's.
_QUOTE_BEFORE = re.compile(r"[„“\"«‚]\s?(?:\w{2,3} )?$")
# A dot ends a name unless a domain goes on after it, or it follows an initial.
_STOP = re.compile(
    r"[;()\[\]|!?\"“”„«»》」】（），。；]|\s[–—•·/-]\s|--|\.(?=\s+[^\Wa-z_]|\s*$|\s+[a-z])|,\s|:\s|\s(?:on|am|le|el|il|"
    r"em|den|op|dnia)\s\d|\s\d{1,2}[./]\d{1,2}"
)
_DATE = re.compile(
    r"^(?:\d|(?:mon|tues?|wednes|thurs?|fri|satur|sun)day|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|"
    r"dec)[a-z]{0,7}\.? \d|montag|dienstag|"
    r"mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"^(?:here|this|that|these|it|its|his|her|their|our|my|your|an?|any|all|another|other|others|which|who|what|"
    r"where|there|here|some|us|you|me|him|them|"
    r"print|paper|english|german|french|spanish|russian|chinese|arabic|hebrew|permission|hier|diesem|dieser|"
    r"einem|einer|seinem|ihrem|ici|aquí|"
    r"aqui|qui|author|authors|publication|different|multiple|several|early|late|full|part|time|order|person|"
    r"public|private)\b",
    re.IGNORECASE,
)
# What stands where a name ought to, and names nobody.
_NOBODY = frozenset(
    "agencies agenturen agences agencias agências agenzie agencje agentury ajanslar агентства وكالات "
    "通讯社 staff redaktion redazione redacción redação rédaction redakcja redakce редакция internet "
    "网络 互联网 archive archiv 编辑 本站 "
    "本网 own eigene unknown".split()
)
_PERSON = (
    r"[^\W\d_a-zа-я][\w.'’-]{0,25}(?: (?:de|del|da|di|van|von|der|den|la|le|el|al|bin|ter)){0,2}(?: "
    r"[^\W\d_a-zа-я][\w.'’-]{0,25}){1,3}"
)
_BY_PERSON = re.compile(
    rf"\b(?:[Bb]y|BY|[Vv]on|[Pp]ar|[Pp]or|[Dd]i|[Dd]oor|[Aa]v|[Aa]f|автор[аы]?:?|Автор:?) (?P<name>{_PERSON})"
)
_CAPITALISED = re.compile(r"(?:[^\W\d_a-zа-я][\w-]{2,30} (?:(?:of|for|the|der|für|de|des|del|da|di) ){0,2}){1,5}$")
PERSON = re.compile(rf"^{_PERSON}$")
_OUTLET_KIND = re.compile(
    r"\b(?:newspaper|magazine|journal|web ?site|newsroom|news site|partner|(?:wochen|tages)?zeitung|zeitschrift|"
    r"magazin|portal|plattform|"
    r"revue|revista|periódico|diario|jornal|rivista|quotidiano|dagblad|tijdschrift|portalu|serwisu|dziennika|tygodnika|"
    r"журнал\w?|газет\w|издани\w|сайт\w)\b",
    re.IGNORECASE,
)
_OUTLET_WORD = re.compile(
    r"\b(?:times|post|news|magazine|tribune|gazette|herald|journal|daily|weekly|review|guardian|observer|"
    r"chronicle|press|wire|media|radio|tv|"
    r"television|telegraph|independent|mirror|express|standard|inquirer|examiner|sentinel|monitor|"
    r"bulletin|dispatch|record|register|"
    r"zeitung|anzeiger|nachrichten|tagblatt|tageblatt|kurier|rundschau|rundfunk|presse|spiegel|journal|figaro|"
    r"monde|libération|diario|"
    r"periódico|noticias|jornal|folha|gazeta|giornale|corriere|dagblad|krant|nieuws|dziennik|rzeczpospolita|"
    r"noviny|deník|pravda|правда|новости|"
    r"известия|газета|gazetesi|haber|agency|agencia|agentur|agence|network|broadcasting|institute|foundation|"
    r"project|online|blog|today|insider|"
    r"report|reporter|nation|conversation|mail|sun|globe|star|world|week|watch|voice|channel|bbc|cnn|abc|nbc|"
    r"cbs|npr|pbs|fox|wire|dot com)\b",
    re.IGNORECASE,
)


def outlet_named(text: str, ends: re.Pattern[str]) -> tuple[str, int]:
    """The name that a text begins with and its length there, ("", 0) where it begins with none.

    In scripts with capitals a name has one, or is a domain.
    """
    head = text[: _MAX_NAME_CHARS + 80]
    begin = 0
    for _ in range(4):
        begin = len(head) - len(head[begin:].lstrip(_MARKS))
        lead = _LEADING.match(head, begin)
        # "Jornal X" with a capital is a name, "o jornal X" is not.
        if not lead or (lead[0][0].isupper() and not _ARTICLE.match(lead[0])):
            break
        begin = lead.end()
    article = _CAPITAL_ARTICLE.search(head[:begin])
    begin -= len(article[0]) if article else 0
    rest = head[begin:]
    cuts = [match.start() for match in (_STOP.search(rest, 1), ends.search(rest)) if match and match.start() > 0]
    name = rest[: min([*cuts, _MAX_NAME_CHARS])].strip(" \t.,:;*'’‘-–—")
    words = name.split()
    name = " ".join(words[:_MAX_NAME_WORDS])
    if not is_name(name) and not (name and _QUOTE_BEFORE.search(head[:begin])):
        return "", 0
    return name, begin + len(name)


def is_name(name: str) -> bool:
    """Whether a text can be a name at all: not a date, no pronoun, with a capital where its script has them."""
    if len(name) < 2 or _DATE.match(name) or name.casefold() in _NOBODY:
        return False
    if domain_named(name) or agency(name):
        return True
    if _NO_NAME.match(name) and not (name[0].isupper() and len(name.split()) > 1 and name.split()[1][0].isupper()):
        return False
    letters = [character for character in name if character.isalpha()]
    if not letters:
        return False
    cased = any(character.isupper() or character.islower() for character in letters)
    return not cased or any(character.isupper() for character in letters)


def is_called_outlet(text: str) -> bool:
    """Whether words before a name say that it is an outlet's: "in der Zeitung", "the magazine"."""
    return bool(_OUTLET_KIND.search(text))


def spelled_out(short: str, text: str) -> str:
    """What a text says that capitals stand for ("Salt Harbour Union (SHU)"); the capitals where it does not."""
    if not (2 <= len(short) <= 6 and short.isupper()):
        return short
    place = text.find(f"({short})")
    before = _CAPITALISED.search(text[max(0, place - 80) : place]) if place > 0 else None
    return before[0].strip() if before else short


def looks_like_outlet(name: str) -> bool:
    """Whether a name on its own is an outlet's: a domain, an agency, or with a word that outlets are called by."""
    return bool(domain_named(name) or agency(name) or _OUTLET_WORD.search(name))


def person_named(text: str) -> str:
    """The person after "by" in a text, empty where there is none."""
    match = _BY_PERSON.search(text[:300])
    return match["name"].strip(" .,") if match and not looks_like_outlet(match["name"]) else ""
