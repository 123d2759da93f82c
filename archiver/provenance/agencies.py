"""News agencies of the world: their names in the languages they are cited in, and their own sites.

General knowledge, for telling an agency's name in a dateline, a byline or a last line from any other word in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Agency:
    """A news agency: the name we report, its own sites, and whether its short name is also a common word."""

    name: str
    sites: tuple[str, ...]


# name | own sites | further names, as cited. A name of capitals only is matched in capitals only.
_TABLE = """
AP | apnews.com ap.org | Associated Press, The Associated Press, Assoc. Press
AP | | 美联社, أسوشيتد برس, أ ب, Ассошиэйтед Пресс
Reuters | reuters.com thomsonreuters.com | Thomson Reuters
Reuters | | Рейтер, رويترز, 路透社, 路透, ロイター, 로이터, Ρόιτερς, רויטרס
AFP | afp.com | Agence France-Presse, Agence France Presse, АФП, فرانس برس, أ ف ب, 法新社, AFP通信
dpa | dpa.com dpa-international.com | Deutsche Presse-Agentur, Deutsche Presseagentur, dpa-infocom, dpa-AFX, dpa/lno
dpa | | ДПА, 德新社, د ب أ
dts | dts-nachrichtenagentur.de | dts Nachrichtenagentur, dts-Nachrichtenagentur, DTS
epd | epd.de | Evangelischer Pressedienst
KNA | kna.de | Katholische Nachrichten-Agentur
SID | sid.de | Sport-Informations-Dienst
ots | presseportal.de | news aktuell
APA | apa.at | Austria Presse Agentur, APA-OTS
Kathpress | kathpress.at | kathpress
Keystone-SDA | keystone-sda.ch sda.ch | SDA, Schweizerische Depeschenagentur, Keystone-ATS, ATS, AWP
EFE | efe.com | Agencia EFE, Agência EFE, EFE Agencia, Agencia Efe, ЭФЭ, 埃菲社
Europa Press | europapress.es |
Servimedia | servimedia.es |
Télam | telam.com.ar | Telam, Agencia Télam
Notimex | notimex.gob.mx |
Andina | andina.pe | Agencia Andina
Prensa Latina | prensa-latina.cu |
Agência Brasil | agenciabrasil.ebc.com.br | Agencia Brasil
Estadão Conteúdo | estadaoconteudo.com.br | Agência Estado
Folhapress | folhapress.com.br |
Lusa | lusa.pt | Agência Lusa, LUSA
ANSA | ansa.it | Ansa, Agenzia ANSA
Adnkronos | adnkronos.com | AdnKronos, ADNKRONOS
AGI | agi.it | Agenzia Italia
LaPresse | lapresse.it |
Askanews | askanews.it |
ANP | anp.nl |
Belga | belga.be belga.press belganewsagency.eu | Agence Belga, BELGA
TASS | tass.com tass.ru | ТАСС, ИТАР-ТАСС, Itar-Tass, ITAR-TASS, تاس, 塔斯社
RIA Novosti | ria.ru | РИА Новости, РИА «Новости», RIA, РИА
Interfax | interfax.ru interfax.com | Интерфакс
Sputnik | sputniknews.com sputnikglobe.com | Спутник
RBC | rbc.ru | РБК
BelTA | belta.by | БелТА, БЕЛТА
Ukrinform | ukrinform.net ukrinform.ua | Укрінформ, Укринформ
UNIAN | unian.net unian.ua unian.info | УНІАН, УНИАН
Interfax-Ukraine | interfax.com.ua | Інтерфакс-Україна, Интерфакс-Украина
RBC-Ukraine | rbc.ua | РБК-Україна, РБК-Украина
Kazinform | inform.kz | Казинформ
PAP | pap.pl | Polska Agencja Prasowa, ПАП
ISBnews | isbnews.pl | ISB News, ISBNews
IAR | polskieradio24.pl | Informacyjna Agencja Radiowa
ČTK | ctk.cz ceskenoviny.cz | Česká tisková kancelář, CTK, ČTK-AP
TASR | tasr.sk |
SITA | sita.sk |
MTI | mti.hu | Magyar Távirati Iroda
Agerpres | agerpres.ro | AGERPRES
Mediafax | mediafax.ro |
News.ro | news.ro |
BTA | bta.bg | БТА
Tanjug | tanjug.rs | Танјуг, TANJUG
Beta | beta.rs | BETA
FoNet | fonet.rs |
Hina | hina.hr | HINA
STA | sta.si |
SRNA | srna.rs | Srna
MIA | mia.mk |
ATA | ata.gov.al |
ANA-MPA | amna.gr | ΑΠΕ-ΜΠΕ, ΑΠΕ, APE-MPE
Anadolu Agency | aa.com.tr | AA, Anadolu Ajansı, Anadolu, Anatolia News Agency, وكالة الأناضول, الأناضول, Анадолу
DHA | dha.com.tr | Demirören Haber Ajansı
İHA | iha.com.tr | İhlas Haber Ajansı, IHA
ANKA | ankahaber.net | ANKA Haber Ajansı
TT | tt.se | TT-Reuters, Tidningarnas Telegrambyrå, TT Nyhetsbyrån
NTB | ntb.no | Norsk Telegrambyrå
Ritzau | ritzau.dk ritzau.com | ritzau
STT | stt.fi | Suomen Tietotoimisto, STT-Lehtikuva, FNB
BNS | bns.lt bns.ee bns.lv | Baltic News Service
ELTA | elta.lt |
LETA | leta.lv |
PA Media | pa.media | Press Association, PA, PA Wire, The Press Association
UPI | upi.com | United Press International
CNN Wire | | CNN Newsource, CNN Wires, The-CNN-Wire, CNN Newswire
The Canadian Press | thecanadianpress.com | Canadian Press, La Presse Canadienne, Presse canadienne, CP
AAP | aap.com.au | Australian Associated Press
Bloomberg | bloomberg.com | Bloomberg News
Dow Jones | dowjones.com | Dow Jones Newswires
Tribune News Service | tribunecontentagency.com | TNS, Tribune Content Agency, McClatchy-Tribune
States Newsroom | statesnewsroom.com |
Xinhua | xinhuanet.com news.cn | Xinhua News Agency, 新华社, 新华网, 新華社, Синьхуа, شينخوا
China News Service | chinanews.com.cn chinanews.com ecns.cn | 中新社, 中新网, 中国新闻社, 中国新闻网
CNA | cna.com.tw | 中央社, Central News Agency
Kyodo | kyodonews.net kyodonews.jp | Kyodo News, 共同通信, 共同通信社, 共同社, 共同
Jiji Press | jiji.com | 時事通信, 時事通信社, 時事, Jiji
Yonhap | yna.co.kr yonhapnews.co.kr | Yonhap News Agency, 연합뉴스, 韩联社, 聯合ニュース
Newsis | newsis.com | 뉴시스
News1 | news1.kr | 뉴스1
KCNA | kcna.kp | Korean Central News Agency, 朝中社, 조선중앙통신
PTI | ptinews.com | Press Trust of India, पीटीआई, भाषा
ANI | aninews.in | Asian News International, एएनआई
IANS | ians.in | Indo-Asian News Service, आईएएनएस
UNI | uniindia.com | United News of India
APP | app.com.pk | Associated Press of Pakistan
BSS | bssnews.net | Bangladesh Sangbad Sangstha
UNB | unb.com.bd | United News of Bangladesh
Bernama | bernama.com | BERNAMA
Antara | antaranews.com | ANTARA
VNA | vnanet.vn vietnamplus.vn | TTXVN, Vietnam News Agency
PNA | pna.gov.ph | Philippine News Agency
IRNA | irna.ir | ایرنا, إرنا
ISNA | isna.ir | ایسنا
Fars | farsnews.ir | فارس, Fars News Agency
Tasnim | tasnimnews.com | تسنیم
SPA | spa.gov.sa | واس, وكالة الأنباء السعودية, Saudi Press Agency
WAM | wam.ae | وام, Emirates News Agency
QNA | qna.org.qa | قنا, Qatar News Agency
KUNA | kuna.net.kw | كونا
MENA | mena.org.eg | أ ش أ, وكالة أنباء الشرق الأوسط
SANA | sana.sy | سانا
Petra | petra.gov.jo | بترا
WAFA | wafa.ps | وفا
NNA | nna-leb.gov.lb | الوكالة الوطنية للإعلام
MAP | mapnews.ma | Maghreb Arabe Presse
TAP | tap.info.tn | Tunis Afrique Presse
APS | aps.dz | Algérie Presse Service, Agence de Presse Sénégalaise
NAN | nannews.ng | News Agency of Nigeria
GNA | gna.org.gh | Ghana News Agency
SAnews | sanews.gov.za | SAnews.gov.za
Tazpit | | TPS, Tazpit Press Service
JTA | jta.org | Jewish Telegraphic Agency
Religion News Service | religionnews.com | RNS
Catholic News Agency | catholicnewsagency.com | ACI Prensa
Inter Press Service | ipsnews.net | IPS
"""


def _key(name: str) -> str:
    return " ".join(name.split())


def _read() -> tuple[dict[str, Agency], dict[str, Agency]]:
    exact: dict[str, Agency] = {}
    loose: dict[str, Agency] = {}
    for line in _TABLE.strip().splitlines():
        name, sites, others = (part.strip() for part in line.split("|"))
        agency = exact.get(name) or Agency(name, tuple(sites.split()))
        for alias in (name, *(other.strip() for other in others.split(",") if other.strip())):
            exact[_key(alias)] = agency
            if len(alias) > 6 or not alias.isascii():
                loose[_key(alias).casefold()] = agency
    return exact, loose


_EXACT, _LOOSE = _read()
_GENERIC = re.compile(
    r"^(?P<name>[A-Z][\w.&-]{1,20}(?: [A-Z][\w.&-]{1,20}){0,3}) (?:News ?[Ww]ire|Wire Service|News Service|Wire|"
    r"News Agency)$"
)
_PREFIX = re.compile(
    r"^(?:the|agencia|agência|agence|agenzia|agentur|agencja|agentura|агентство|агентства|وكالة|news agency|"
    r"nachrichtenagentur) ",
    re.IGNORECASE,
)
# What stands around names in a list: "dpa/gem", "AP, Reuters", "APA/dpa", "Reuters e EFE".
_LIST = re.compile(r"\s*(?:[/,;+&=]|\s(?:and|und|et|y|e|i|a|en|och|og|ve|и|та|و)\s)\s*")
LONGEST_NAME = 45


def agency(name: str) -> Agency | None:
    """The agency with exactly this name, in any language it is cited in."""
    key = _key(name.strip(" .:-–—'\"«»„“”‘’()[]{}|*"))[: LONGEST_NAME + 1]
    if not 2 <= len(key) <= LONGEST_NAME:
        return None
    found = _EXACT.get(key) or _LOOSE.get(key.casefold())
    if found:
        return found
    shorter = _PREFIX.sub("", key)
    if shorter != key:
        return agency(shorter)
    match = _GENERIC.match(key)
    return Agency(match[0], ()) if match else None


def agencies_in_list(text: str) -> list[Agency]:
    """The agencies in a short list such as "dpa/gem": every part that is one, if the first or the last is."""
    if len(text) > 80:
        return []
    whole = agency(text)
    if whole:
        return [whole]
    parts = [agency(part) for part in _LIST.split(text)[:8]]
    if not parts or not (parts[0] or parts[-1]):
        return []
    return list(dict.fromkeys(part for part in parts if part))


def is_agency_site(site: str) -> Agency | None:
    """The agency whose own site this is."""
    return _BY_SITE.get(site)


_BY_SITE = {site: found for found in _EXACT.values() for site in found.sites}
ALIASES = tuple(sorted(_EXACT, key=len, reverse=True))
