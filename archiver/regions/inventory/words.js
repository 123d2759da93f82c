// The words that are looked for, as patterns, and what they say of a text or of a name in the markup.

const said = {}, marks = {}, concept = {};
for (const [name, source] of Object.entries(options.spoken)) said[name] = new RegExp(source, 'giu');
for (const [name, source] of Object.entries(options.marked)) marks[name] = new RegExp(source, 'u');
for (const [name, source] of Object.entries(options.concepts)) concept[name] = new RegExp(source, 'iu');
const adHost = new RegExp(options.adHosts, 'i'), socialHost = new RegExp(options.socialHosts, 'i');
const labels = new Set(options.labels), permitted = said.permitted;

// Names that the common ad stacks give their slots, the data they put there, the calls that fill them, and addresses.
const SLOT = new RegExp([
  'div-gpt-ad', 'google_ads_', 'adsbygoogle', '^aswift_', 'outbrain', 'OUTBRAIN', 'taboola', '^trc_', 'yandex_rtb',
      'adfox',
  '(^|[\\s_-])(zergnet|mgid|revcontent|adrotate|advads|plista|ligatus|dianomi|broadstreet|criteo|teads|nativo)([\\s_-]|$)',
  'BAIDU_(SSP|DUP)', 'tanx', 'amzn[-_]assoc', '_mgid', 'M\\d+ScriptRootC', '^(sas|smartad)[_-]', '\\bOBR?\\b',
      'rc-widget',
  '(^|[\\s_-])(redtram|lentainform|marketgid|adskeeper|geozo|gnezdo|smi2|smi24|adnow)([\\s_-]|$)',
  '(^|[\\s_-])(speakol|nativendo|yieldmo|adblade|projectagora|adnuntius|emediate|adverticum|adocean\\w*|yektanet|adsanity|sklik|iprom)([\\s_-]|$)',
  '(^|\\s)(code-block-\\d+|quads-location|bsac|g g-\\d+|a-single a-\\d+|pos-article-display-\\w+|admzone\\d+|midasWidget\\w*)(\\s|$)',
  'ad-slot', '(^|\\s)adbladeads(\\s|$)', '(^|\\s)nativendo', '(^|\\s)ym_\\d{9,}', '^beacon_[0-9a-f]{6}', '^bsa-', 'carbonads', '^atatags-', '^_mN_(dy|main|gpt)_', '^rcjsload_', '(^|\\s)crt-\\d+',
].join('|'));
const SLOT_DATA = new RegExp([
  '^data-(ad|ads|adunit|adslot|adzone|adsize|advert\\w*|google-query-id|gpt|dfp|freestar\\w*|revive|openx|criteo)(-|$)',
  '^data-(outbrain|taboola|mrf-ad|oas|fuse|htl-ad|adnuntius)(-|$)', '^data-(\\w+-)+(adunit|adslot)(-|$)', '^data-(\\w+-)+ad-(unit|slot|size|id|name|type)$',
].join('|'));
const AD_CALL = new RegExp([
  'GA_google\\w+Slot', 'googletag\\s*\\.', 'adsbygoogle', 'OA_show', 'revive', 'asyncAds', '\\bpbjs\\b', 'taboola', 'OBR\\.',
      'outbrain', 'criteo',
  'smartadserver', '\\bsas\\.', 'yaContextCb', 'adfox', 'BAIDU_CLB', 'slotbydup', 'tanx_s', '_mgq', 'broadstreet',
      'adition',
  'ad(?:slot|unit|server|zone|manager)', 'show_?ad\\b', 'display_?ad', 'renderAd', 'loadAd', 'adtech', '\\bOAS_',
      'dfp',
  'moneybid', 'googlesyndication', 'doubleclick', 'adsonar', 'google_ad_', 'ad_(?:client|slot|unit|zone|server)', '\\bado\\.(?:slave|master|placement)', 'm3_u\\b', 'phpads',
  'emediate', 'adnuntius', 'adriver', 'begun_', 'marketgid', 'adverticum', 'adhese', 'zedo', 'tribalfusion', 'adocean',
  'ads?_(?:create|write|show|render|display|insert|load)',
  '(?:show|display|render|load|insert|write|create|place|serve|print)_?ads?\\s*\\(', '\\bad_?tag\\b',
].join('|'), 'i');
const AD_URL = new RegExp([
  '[/._-](ads?|adserver|adframe|adserv|adclick|adv|banners?|sponsors?|publicidade?|werbung|reklama?|pub)\\d*[/._?-]',
  '[?&](utm_medium=(banner|display|cpc|native|ad)|gclid|adurl|bannerid|zoneid)',
      '/(linkout|clickthru|aclk|adclick)\\b',
].join('|'), 'i');
const SIZES = new Set(options.sizes);
const SIZE_NAMED = new RegExp(`(?<!\\d)(${options.sizes.map((size) => size.replace('x', '[x_-]')).join('|')})(?!\\d)`);
const WIDE = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/g;

const width = (text) => text.length + (text.match(WIDE) || []).length;
const has = (expression, text) => text.search(expression) >= 0;

// Hashes among the names would fall apart into words.
const split = (name) => name
  .replace(/[0-9a-f]{7,}/gi, (hash) => (/\d/.test(hash) ? ' ' : hash))
  .replace(/([a-z])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  .replace(/(\d+)/g, ' $1 ').replace(/[^\p{L}\p{N}]+/gu, ' ').trim().toLowerCase();
const TOPIC = / (?:category|cat|tag|topic|term|menu|nav|item|icon|logo|link|page) (?:\w+ )?(?:advert\w*|publici\w+|werbung|reklam\w*|sponsor\w*|promo\w*) /;

const known = new Map();
const reading = (names) => {
  let found = known.get(names);
  if (found) return found;
  const joined = ` ${names.split(/\s+/).slice(0, 24).map(split).join(' . ')} `;
  const plain = joined.replace(/ \d+(?= )/g, '').replace(/ (\w) (?=\w{3})/g, ' $1 ');
  found = { text: plain };
  for (const name in marks) found[name] = has(marks[name], plain);
  if (has(TOPIC, plain) || found.no_slot) found.ad = found.maybe_ad = false;
  found.slot = !found.no_slot && has(SLOT, names);
  known.set(names, found);
  return found;
};
