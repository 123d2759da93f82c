// Finds the regions of one frame: ads, link blocks, notices, and what else surrounds an article.
//
// Called in an isolated world with words and limits, it returns what archiver.regions.report reads. Called with an
// element besides, it returns that element's path only. It reads the DOM once, then reasons about numbers.
// `selectors` are element rules of filter lists, if there are any.
(options, asked, selectors) => {
  'use strict';

  // A form or a document answers `node.parentNode` with what the page named so; a prototype's getter does not.
  const call = Function.prototype.call;
  const getter = (type, name) => call.bind(Object.getOwnPropertyDescriptor(type.prototype, name).get);
  const method = (type, name) => call.bind(type.prototype[name]);
  const parentOf = getter(Node, 'parentNode'), firstOf = getter(Node, 'firstChild'), nextOf = getter(Node,
      'nextSibling');
  const typeOf = getter(Node, 'nodeType'), lengthOf = getter(CharacterData, 'length');
  const nameOf = getter(Element, 'localName'), attribute = method(Element, 'getAttribute');
  const attributeNames = method(Element, 'getAttributeNames'), before = getter(Element, 'previousElementSibling');
  const beforeText = getter(CharacterData, 'previousElementSibling'), afterText = getter(CharacterData,
      'nextElementSibling');
  const siblingOf = getter(Node, 'previousSibling'), rangeOf = method(Document, 'createRange');
  const select = method(Range, 'selectNode'), rangeRect = method(Range, 'getBoundingClientRect');
  const shadowOf = getter(Element, 'shadowRoot'), hostOf = getter(ShadowRoot, 'host');
  const substring = method(CharacterData, 'substringData'), rectOf = method(Element, 'getBoundingClientRect');
  const rectsOf = method(Element, 'getClientRects'), shown = method(Element, 'checkVisibility');
  const baseOf = getter(Node, 'baseURI'), titleOf = getter(Document, 'title'), rootOf = getter(Document,
      'documentElement'), all = method(Document, 'querySelectorAll');

  // ---- paths ----------------------------------------------------------------------------------------------------

  const step = (element) => {
    if (typeOf(element) === 3) return textStep(element);
    const name = nameOf(element);
    let number = 1;
    for (let other = before(element); other; other = before(other)) if (nameOf(other) === name) number++;
    return /^[a-z][\w-]*$/.test(name) ? `/${name}[${number}]` :
        `/*[name()='${name.replace(/[^\w:.-]/g, '')}'][${number}]`;
  };

  // A text that stands in no element of its own.
  const textStep = (node) => {
    let number = 1;
    for (let other = siblingOf(node); other; other = siblingOf(other)) if (typeOf(other) === 3) number++;
    return `/text()[${number}]`;
  };

  const anchor = (element) => {
    if (typeOf(element) === 3) return '';
    const id = attribute(element, 'id');
    if (!id || /["'\\\s]/.test(id) || id.length > 200) return '';
    return all(document, `[id="${id}"]`).length === 1 ? `//*[@id="${id}"]` : '';
  };

  // A shadow root is stored as its host's first child, a template.
  const pathOf = (element) => {
    let path = '';
    for (let node = element; node && typeOf(node) !== 9; node = parentOf(node)) {
      if (typeOf(node) === 11) {
        path = `/template[1]${path}`;
        node = hostOf(node);
      }
      const start = anchor(node);
      if (start) return start + path;
      path = step(node) + path;
      if (path.length > 4000) return '';
    }
    return path;
  };

  if (asked) return pathOf(asked);

  // ---- words ----------------------------------------------------------------------------------------------------

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

  // ---- one walk through the document ----------------------------------------------------------------------------

  const BLOCKS = new Set(('address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header html li main nav ol p pre section summary table tbody td tfoot th thead tr ul').split(' '));
  const UNREAD = new Set('head style template noscript link meta base title'.split(' '));
  const SUMS = 'link links long pics plain fields mail secrets frames social foreign items astray again'.split(' ');

  const began = performance.now();
  const nodes = [], up = [], end = [], tag = [], from = [], to = [], own = [], leaf = [], full = [], mark = [],
      notes = [], depth = [], first = [], counted = [];
  const start = {}, stop = {}, now = {};
  for (const name of SUMS) { start[name] = []; stop[name] = []; now[name] = 0; }
  const pieces = [];
  let lastLong = '', lastLink = '', lastAt = 0, length = 0, linked = 0, paragraph = 0, partial = '';
  const base = baseOf(document), self = location.href.split(/[?#]/)[0], selfPath = location.pathname.length > 1 ?
      location.pathname : self, here = location.hostname.replace(/^www\./, '');

  const note = (i, rule) => { (notes[i] || (notes[i] = [])).push(rule); };

  const siteOf = (host) => host.split('.').slice(/\.(co|com|org|net|gov|ac|gob|go|or|ne)\.\w\w$/.test(host) ? -3 :
      -2).join('.');
  const hostIn = (url) => { const found = /^(?:https?:)?\/\/([^/?#:]+)/i.exec(url); return found ?
      found[1].toLowerCase() : ''; };
  const isForeign = (url) => { const host = hostIn(url); return host !== '' && here !== '' &&
      siteOf(host) !== siteOf(here); };

  const readLink = (i, element) => {
    const url = (attribute(element, 'href') || '').slice(0, 2000);
    if (!url || /^(#|javascript:|mailto:|tel:)/i.test(url)) {
      if (/^(javascript|mailto)/i.test(url)) now.items++;
      return 0;
    }
    if (url.split(/[?#]/)[0] === self || url.split(/[?#]/)[0] === selfPath) { now.items++; return 0; }
    now.links++;
    // A network's own pages lead to it all over.
    const foreign = isForeign(url);
    if (foreign && has(socialHost, url)) now.social++;
    else if (foreign) { now.foreign++; note(i, 'foreign'); }
    if (has(adHost, url)) note(i, 'ad link');
    else if (has(AD_URL, url)) note(i, 'ad address');
    if (/\bsponsored\b/.test(attribute(element, 'rel') || '')) note(i, 'sponsored link');
    if (url === lastLink) now.again++;
    lastLink = url;
    return 1;
  };

  const readFrame = (i, element) => {
    const url = (attribute(element, 'src') || attribute(element, 'data-src') || '').slice(0, 2000);
    now.frames++;
    if (has(adHost, url)) note(i, 'ad frame');
    else if (has(AD_URL, url)) note(i, 'ad address');
    else if (isForeign(url)) note(i, 'foreign frame');
    if (has(AD_URL, `/${attribute(element, 'name') || ''}/`)) note(i, 'ad address');
  };

  const readScript = (i, element) => {
    const url = attribute(element, 'src') || '', first = firstOf(element);
    const text = first && typeOf(first) === 3 ? substring(first, 0, 3000) : '';
    const waits = attribute(element, 'type') === 'text/plain' && attribute(element, 'data-bid');
    if (waits || has(adHost, url) || has(AD_URL, url) || has(AD_CALL, text)) note(i, 'ad script');
  };

  const readData = (i, element) => {
    for (const name of attributeNames(element).slice(0, 60)) {
      if (has(SLOT_DATA, name)) return note(i, 'slot data');
      if (name === 'aria-label') note(i, 'called');
      if (name === 'itemtype' && /WPAdBlock/.test(attribute(element, name))) return note(i, 'slot data');
    }
    const slot = attribute(element, 'data-slot');
    if (slot && /^\/\d{4,}\//.test(slot)) note(i, 'slot data');
  };

  // Selectors for one tag are asked of its elements only, the others of all. Where one of many matches, which is it?
  let ruleless = false;
  const ruleIn = (() => {
    if (!selectors) return () => '';
    const matches = method(Element, 'matches'), groups = new Map();
    const holds = (element, selector) => { try { return matches(element, selector); } catch { return false; } };
    for (const selector of selectors) {
      const tag = (/^([a-z]\w*)(\[[^\]\s,>+~]*\])+$/.exec(selector) || ['', ''])[1];
      groups.set(tag, [...(groups.get(tag) || []), selector]);
    }
    const joined = new Map([...groups].map(([tag, some]) => [tag, `:is(${some.join()})`]));
    let spent = 0, ruled = 0;
    return (element, name) => {
      if (spent > options.maxRuleMs || ruled >= options.maxRuled) { ruleless = true; return ''; }
      const since = performance.now();
      let found;
      for (const tag of [name, '']) {
        if (!found && joined.has(tag) && holds(element, joined.get(tag))) {
          found = groups.get(tag).find((selector) => holds(element, selector));
        }
      }
      spent += performance.now() - since;
      if (found) ruled++;
      return found ? `filter ##${found}`.slice(0, 100) : '';
    };
  })();

  const admit = (node, name, parent) => {
    const i = nodes.length;
    nodes.push(node); up.push(parent); tag.push(name); from.push(length); own.push(0); first.push(pieces.length);
        counted.push(false); full.push(false); leaf.push(false);
    depth.push(parent < 0 ? 0 : depth[parent] + 1);
    to.push(0); end.push(0);
    for (const sum of SUMS) start[sum].push(now[sum]);
    return i;
  };

  const enter = (element, parent) => {
    const name = nameOf(element);
    if (name === 'script') { if (parent >= 0) readScript(parent, element); return -1; }
    if (UNREAD.has(name)) return -1;
    const i = admit(element, name, parent);
    const names = `${attribute(element, 'id') || ''} ${attribute(element, 'class') || ''} ${/[-:]/.test(name) ? name : ''}`.trim();
    mark.push(names ? reading(names.slice(0, 400)) : reading(''));
    readData(i, element);
    const rule = ruleIn(element, name);
    if (rule) note(i, rule);
    if (name === 'a') { if (readLink(i, element)) { counted[i] = true; linked++; } }
    else if (name === 'iframe') readFrame(i, element);
    else if (name === 'img' || name === 'video' || name === 'canvas' || name === 'object' ||
        name === 'embed') now.pics++;
    else if (name === 'input' || name === 'textarea') readField(element);
    else if (name === 'p') paragraph++;
    return i;
  };

  const readField = (element) => {
    const type = (attribute(element, 'type') || 'text').toLowerCase();
    if (type === 'hidden' || type === 'submit' || type === 'checkbox' || type === 'radio') return;
    now.fields++;
    if (type === 'password') now.secrets++;
    const names = `${type} ${attribute(element, 'name') || ''} ${attribute(element, 'placeholder') || ''}`;
    if (/mail|メール|邮箱|郵箱|почт|이메일/i.test(names)) now.mail++;
  };

  const isOneCard = (i, j) => {
    const near = [up[j], up[up[j]], up[up[up[j]]]];
    return near.includes(up[i]) || near.includes(up[up[i]]) || near.includes(up[up[up[i]]]);
  };

  // A text with one link laid over it, which holds none of the text itself.
  const isCard = (i) => now.links - start.links[i] === 1 && now.long === start.long[i] && now.link === start.link[i] &&
    now.social === start.social[i] && now.foreign === start.foreign[i] && to[i] - from[i] >= 20 &&
        to[i] - from[i] <= 260 && linked === 0;

  const leave = (i) => {
    to[i] = length;
    end[i] = nodes.length;
    const text = to[i] > from[i];
    if (counted[i]) {
      linked--;
      const url = attribute(nodes[i], 'href');
      if (text && (url !== lastLong || !isOneCard(i, lastAt)) && now.social === start.social[i] &&
          width(pieces.slice(first[i]).join(' ')) >= options.longLink) {
        now.long++;
        // A headline that leads to another site, or that somebody paid for.
        if ((notes[i] || []).some((rule) => rule !== 'called')) now.astray++;
        lastLong = url;
        lastAt = i;
      }
    }
    if (tag[i] === 'p') paragraph--;
    for (const sum of SUMS) stop[sum][i] = now[sum];
    const block = BLOCKS.has(tag[i]);
    if (block && isCard(i)) { now.long++; now.link += to[i] - from[i]; for (const sum of ['long',
        'link']) stop[sum][i] = now[sum]; }
    leaf[i] = block && text && !full[i];
    if (up[i] >= 0 && text && (block || full[i])) full[up[i]] = true;
  };

  const readText = (i, node) => {
    const size = lengthOf(node);
    if (length + size > options.maxText) partial = partial || 'text';
    const text = substring(node, 0, Math.max(0, Math.min(size, options.maxText - length))).replace(/\s+/g, ' ').trim();
    if (!text) return;
    pieces.push(text);
    length += text.length + 1;
    if (i >= 0) own[i] += text.length;
    if (linked) now.link += text.length; else if (paragraph) now.plain += text.length;
  };

  // Long texts between blocks, which are notices as often as not, get a place as if they were elements.
  const isBare = (node) => lengthOf(node) >= 60 && [beforeText(node), afterText(node)].some((other) => other &&
      BLOCKS.has(nameOf(other)));

  const enterText = (parent, node) => {
    const i = admit(node, '#text', parent);
    mark.push(reading(''));
    readText(i, node);
    leave(i);
    leaf[i] = to[i] > from[i];
    own[parent] += own[i];
  };

  const walk = (root) => {
    const open = [], next = [], later = [];
    const push = (element, parent) => {
      const inDrawing = parent >= 0 && tag[parent] === 'svg';
      const i = inDrawing ? parent : enter(element, parent);
      if (i < 0) return;
      const shadow = shadowOf(element);
      open.push(inDrawing ? -2 - i : i); next.push(shadow ? firstOf(shadow) : firstOf(element)); later.push(shadow ?
          firstOf(element) : null);
    };
    push(root, -1);
    let seen = 0;
    while (open.length) {
      const top = open.length - 1, node = next[top];
      if (!node || partial) {
        if (later[top] && !partial) { next[top] = later[top]; later[top] = null; continue; }
        if (open[top] >= 0) leave(open[top]);
        open.pop(); next.pop(); later.pop();
        continue;
      }
      next[top] = nextOf(node);
      if (++seen % 256 === 0 && performance.now() - began > options.maxMs) partial = 'time';
      const type = typeOf(node);
      const holder = open[top] >= 0 ? open[top] : -2 - open[top];
      if (type === 3) {
        if (!linked && holder === open[top] && isBare(node)) enterText(holder, node); else readText(holder, node);
      }
      else if (type === 1) {
        if (nodes.length >= options.maxElements) partial = 'elements'; else push(node, holder);
      }
    }
  };

  const root = rootOf(document);
  if (root) walk(root);
  if (ruleless) partial = partial || 'element rules';
  const whole = pieces.join(' ');
  const count = nodes.length;

  // ---- questions about an element -------------------------------------------------------------------------------

  const chars = (i) => Math.max(0, to[i] - from[i] - 1);
  const text = (i, most = 20000) => (chars(i) ? whole.slice(from[i], Math.min(to[i] - 1, from[i] + most)) : '');
  const sum = (name, i) => stop[name][i] - start[name][i];
  const within = (i, j) => j <= i && i < end[j];
  const near = (i, wanted) => {
    for (let j = i; j > 0 && !(holdsArticle(j) && j !== i); j = up[j]) if (wanted(j)) return j;
    return -1;
  };
  const children = (i) => { const found = []; for (let j = i + 1; j < end[i]; j = end[j]) found.push(j);
      return found; };
  const plainly = (value) => value.toLowerCase().replace(/\u0307/g, '').replace(/[’‘ʼ`´]/g, "'").replace(/\u00a0/g,
      ' ');
  const lower = (i, most) => plainly(text(i, most));
  const late = () => performance.now() - began > options.maxMs && (partial = partial || 'time') !== '';
  function* indices() {
    for (let i = 0; i < count; i++) {
      if (i % 128 === 0 && late()) return;
      yield i;
    }
  }
  const isChrome = (j) => tag[j] === 'nav' || mark[j].chrome;

  // The element whose own paragraphs hold most text.
  const findArticle = () => {
    const held = new Map();
    for (const i of indices()) if (tag[i] === 'p' && up[i] >= 0) {
      const share = chars(i) - sum('link', i);
      for (let j = up[i], k = 0; j >= 0 && k < 3; j = up[j], k++) held.set(j, (held.get(j) ||
          0) + share / (1 + k * 0.4));
    }
    let best = -1, most = 400;
    for (const [i, size] of held) if (size > most) { best = i; most = size; }
    return best;
  };
  const article = findArticle();
  // The page's title among its first-rank headings: the one that shares most words with the document's.
  const findTitle = () => {
    const words = new Set(titleOf(document).toLowerCase().split(/[^\p{L}\p{N}]+/u));
    let best = -1, most = -1;
    for (const i of indices()) if (tag[i] === 'h1') {
      const shared = lower(i, 300).split(/[^\p{L}\p{N}]+/u).filter((word) => words.has(word)).length;
      if (shared > most) { best = i; most = shared; }
    }
    return best;
  };
  const title = findTitle();
  const holdsTitle = (i) => title >= 0 && within(title, i);
  const inArticle = (i) => article >= 0 && i > article && i < end[article];
  const isTail = (i) => article >= 0 && from[i] > from[article] + (to[article] - from[article]) * 0.8;
  const isBelow = (i) => near(i, (j) => tag[j] === 'footer' || mark[j].below) >= 0;
  const holdsArticle = (i) => article >= 0 && within(article, i) && chars(article) > 300;

  const found = [];
  const add = (kind, i, score, rules, more = {}) => { found.push({ kind, i, score, rules, ...more }); };

  // ---- ads ------------------------------------------------------------------------------------------------------

  const boundsOf = (node) => {
    if (typeOf(node) === 1) return rectOf(node);
    const range = rangeOf(document);
    select(range, node);
    return rangeRect(range);
  };
  const rects = new Map();
  const rect = (i) => {
    if (!rects.has(i)) {
      const { x, y, width: w, height: h } = boundsOf(nodes[i]);
      rects.set(i, [x, y, w, h]);
    }
    return rects.get(i);
  };
  const isSize = (w, h) => SIZES.has(`${Math.round(w)}x${Math.round(h)}`);
  const sized = (i) => {
    const w = attribute(nodes[i], 'width'), h = attribute(nodes[i], 'height');
    return (w && h && isSize(parseInt(w, 10), parseInt(h, 10))) || isSize(rect(i)[2], rect(i)[3]);
  };
  const sizeInName = (i) => has(SIZE_NAMED, `${attribute(nodes[i], 'id') || ''} ${attribute(nodes[i], 'class') || ''}`.slice(0, 400));

  const NEVER_AD = new Set('html body main h1 h2 h3 h4 h5 h6 svg path option select button input form label source picture head'.split(' '));

  const isMenuEntry = (i) => chars(i) > 0 && chars(i) < 40 && sum('links', i) > 0 && sum('pics', i) + sum('frames', i) === 0 &&
    (tag[i] === 'a' || tag[i] === 'li' || near(i, isChrome) >= 0);

  // Hidden frames and insertions right below the body: they count and synchronise, and show nothing.
  const isTracker = (i) => {
    if (!/^(iframe|ins|img)$/.test(tag[i]) || depth[i] > 2) return false;
    const style = attribute(nodes[i], 'style') || '', wide = attribute(nodes[i], 'width') || '';
    return has(/display:\s*none/, style) || /^[01](px)?$/.test(wide);
  };

  const AD_NOTICE = /ad ?block|bloque\w+ de (anuncios|publicidad)|bloqueur|werbeblocker|bloqueador|blokowanie reklam/;
  // The link that stands in a corner of an ad, and at the end of the page.
  const isChoices = (i) => sum('frames', i) + sum('pics', i) === 0 && has(/^ad ?choices/, lower(i, 20)) && !holdsSlot(i);
  const holdsSlot = (i) => { for (let j = i + 1; j < Math.min(end[i], i + 20); j++) if (mark[j].slot ||
      (notes[j] || []).includes('slot data')) return true; return false; };

  const ruleOf = (i) => (notes[i] || []).find((rule) => rule.startsWith('filter ##'));
  // A wall of paid links, which an element rule knows: larger than other ads, and of links.
  const isRuledWall = (i) => Boolean(ruleOf(i)) && chars(i) < 12000 && sum('plain', i) <= 700 && linkShare(i) > 0.5;

  const cannotBeAd = (i) => {
    if (NEVER_AD.has(tag[i]) || holdsTitle(i) || holdsArticle(i)) return true;
    // Feeds of paid links can be long.
    const isFeed = mark[i].slot && chars(i) < 8000 && sum('astray', i) > sum('long', i) * 0.5;
    if (sum('plain', i) > 700) return true;
    if ((chars(i) > 2500 || sum('long', i) > 14) && !isFeed && !isRuledWall(i)) return true;
    if (isInButton(i) || isMenuEntry(i) || isTracker(i) || isBareLink(i) || isChoices(i)) return true;
    if (has(AD_NOTICE, lower(i, 400))) return true;
    return /^(img|video|canvas)$/.test(tag[i]) && !mark[i].slot && !sized(i);
  };
  // What is pressed, and words of a link in a sentence.
  const isInButton = (i) => near(i, (j) => tag[j] === 'button' || (tag[j] === 'a' && j !== i && chars(j) > 0 &&
      sum('pics', j) + sum('frames', j) === 0)) >= 0 && sum('frames', i) + sum('pics', i) === 0;
  // A link with text, or with nothing.
  const isBareLink = (i) => tag[i] === 'a' && sum('pics', i) + sum('frames', i) === 0 && (chars(i) > 0 || end[i] === i + 1);

  // A script that fills the element it stands in, or one that only loads what others call.
  const scriptPoints = (i) => {
    if (depth[i] <= 2) return 0.5;
    return chars(i) + sum('pics', i) + sum('links', i) === 0 || sum('frames', i) > 0 ? 0.8 : 0.5;
  };

  const adEvidence = (i) => {
    const m = mark[i], rules = notes[i] || [], given = [];
    let score = 0;
    const give = (rule, points) => { given.push(rule); score += points; };
    if (m.slot) give('slot name', 1);
    if (rules.includes('slot data')) give('slot data', 0.9);
    if (rules.includes('called') && isCalledAd(i)) give('label', 0.75);
    if (m.ad) give('markup', 0.8);
    else if (m.maybe_ad) give('markup (weak)', 0.4);
    const rule = ruleOf(i);
    if (rule) give(rule, 0.8);
    if (rules.includes('ad script') && chars(i) < 300) give('ad script', scriptPoints(i));
    if (rules.includes('ad frame')) give('ad frame', 1);
    if (rules.includes('foreign frame') && sized(i)) give('foreign frame of an ad size', 0.75);
    if (rules.includes('ad link')) give('ad link', 0.7);
    if (rules.includes('ad address')) give('ad address', tag[i] === 'iframe' ? 0.7 : 0.4);
    if (rules.includes('sponsored link') && sum('pics', i) > 0) give('sponsored link', 0.7);
    if (score >= 0.3 && sizeInName(i)) give('size in name', 0.35);
    if (rules.includes('foreign') && isPictureLink(i)) give('foreign picture link', pictureSays(i) ? 0.75 : 0.4);
    if (score > 0.3 && score < 0.7 && !isBelow(i)) {
      if (m.maybe_ad && !m.heading && isVoid(i)) give('empty', 0.35);
      else if (m.maybe_ad && sum('pics', i) > 0 && sum('foreign', i) > 0 && sum('links', i) < 4 && chars(i) < 200) give('foreign link', 0.35);
      else if (sized(i) || (sum('pics', i) === 1 && firstPicture(i, sized))) give('ad size', 0.35);
    }
    if ((given.join() === 'markup' && (contradicts(i) || isOneOfSeveral(i))) || (given.join() === rule && contradicts(i))) {
      score -= 0.4;
    }
    return { score: isOrganic(i) ? 0 : score, rules: given };
  };

  const isPictureLink = (i) => tag[i] === 'a' && sum('pics', i) > 0 && chars(i) === 0 && !inArticle(i) && !isBelow(i);

  // What a name alone calls an ad and looks like something else: teasers of the site, a longer text, buttons to share.
  const contradicts = (i) => isLegal(i) || isShareBox(i) || sum('foreign', i) + sum('frames', i) === 0 &&
    (sum('long', i) >= 2 || sum('social', i) >= 2 || (chars(i) > 150 && sum('pics', i) === 0));

  // What the page says of its rights, in a box named after who it got the data from, say.
  const isLegal = (i) => chars(i) > 150 && has(said.rights, lower(i, 1500));
  // Buttons to share that are no links.
  const isShareBox = (i) => sum('foreign', i) + sum('frames', i) + sum('long', i) === 0 && networksNamed(i) >= 2;

  // Of a list whose other items are made the same, one that a name alone sets apart.
  const isOneOfSeveral = (i) => {
    if (up[i] < 0 || sum('links', i) === 0 || sum('foreign', i) + sum('frames', i) > 0) return false;
    return (plainItems(up[i]).get(makeOf(i)) || 0) >= 2;
  };
  const makeOf = (i) => `${tag[i]} ${sum('links', i)} ${sum('pics', i)}`;
  // How many children of each make have no name of an ad.
  const itemsIn = new Map();
  const plainItems = (i) => {
    if (!itemsIn.has(i)) {
      const makes = new Map();
      for (const j of children(i)) if (!mark[j].ad) makes.set(makeOf(j), (makes.get(makeOf(j)) || 0) + 1);
      itemsIn.set(i, makes);
    }
    return itemsIn.get(i);
  };

  // What a network that sells links, too, filled with the site's own articles.
  const isOrganic = (i) => sum('long', i) >= 2 && sum('astray', i) + sum('frames', i) === 0 &&
    !has(said.paid, lower(i, 4000)) && headedAs(i) && !holdsLabel(i);
  const headedAs = (i) => {
    const head = headingOf(i), words = head >= 0 ? headed(head) : NO_WORDS;
    return words.related + words.trending > 0 && !words.paid;
  };
  const holdsLabel = (i) => {
    for (let j = i + 1; j < Math.min(end[i], i + 40); j++) if (own[j] && own[j] <= 60 && isLabel(j)) return true;
    return false;
  };

  const firstPicture = (i, wanted) => {
    for (let j = i + 1; j < end[i]; j++) if (tag[j] === 'img') return wanted(j);
    return false;
  };

  // A picture's address that names an ad size, or a folder of ads.
  const pictureSays = (i) => firstPicture(i, (j) => {
    const url = attribute(nodes[j], 'src') || attribute(nodes[j], 'data-src') || '';
    return has(AD_URL, url) || has(SIZE_NAMED, url) || sized(j);
  });

  const plainLabel = (value) => plainly(value).replace(/^[\s\-–—•*:|/\\[\](){}<>.#＜＞【】▼↓]+|[\s\-–—•*:|/\\[\](){}<>.#＜＞【】▼↓]+$/g, '');
  const isLabel = (i) => chars(i) > 0 && chars(i) <= 60 && labels.has(plainLabel(text(i)));

  // What a screen reader calls an ad.
  const isCalledAd = (i) => {
    const name = plainLabel((attribute(nodes[i], 'aria-label') || '').slice(0, 80));
    return labels.has(name) && !options.weakLabels.includes(name);
  };

  // The largest element around a label with no text beside it; or its parent where that holds little more.
  const labelled = (i) => {
    let j = i;
    while (up[j] > 0 && chars(up[j]) === chars(i) && !NEVER_AD.has(tag[up[j]]) &&
        depth[i] - depth[up[j]] <= 5) j = up[j];
    return j;
  };

  const besideAd = (parent, label, evidence) => {
    const isAd = (j) => (evidence.get(j) || { score: 0 }).score >= 0.7;
    let ads = 0;
    if (isAd(label)) return false;
    for (let j = parent + 1; j < Math.min(end[parent], parent + 200); j++) {
      if (within(j, label) || !isAd(j)) continue;
      ads++;
      j = end[j] - 1;
    }
    return ads === 1;
  };

  // One of a list of short entries.
  const isKeyword = (i) => {
    const item = near(i, (j) => tag[j] === 'li');
    return item >= 0 && chars(item) < 40 && children(up[item]).filter((j) => chars(j) > 0 && chars(j) < 40).length > 3;
  };

  const isOverAd = (i, evidence) => {
    if (!own[i] || own[i] > 60 || sum('links', i) > 0 || !isLabel(i)) return false;
    if (near(i, (j) => /^(a|label|option|button)$/.test(tag[j])) >= 0 || isKeyword(i)) return false;
    // In a menu the word may be an entry, but not right beside a slot.
    return near(i, isChrome) < 0 || besideAd(up[i], i, evidence);
  };

  // How often children of an element that are more than a label have the same one: each is a place of its own.
  const placesIn = (found) => {
    const places = new Map();
    for (const i of found) {
      const box = labelled(i), key = placeOf(i, box);
      if (end[box] - box > 2) places.set(key, (places.get(key) || 0) + 1);
    }
    return places;
  };
  const placeOf = (i, box) => `${up[box]} ${plainLabel(text(i))}`;

  // A list that begins with a label, and not with an item that has one.
  const isUnderLabel = (parent, box, i) => from[parent] === from[box] && /^(ul|ol|dl)$/.test(tag[parent]) &&
    end[box] === end[i] && i - box === depth[i] - depth[box];

  const labelEvidence = (evidence) => {
    const over = [...indices()].filter((i) => isOverAd(i, evidence)), places = placesIn(over);
    for (const i of over) {
      const box = labelled(i), plain = plainLabel(text(i));
      const heading = /^h[1-3]$/.test(tag[i]) ||
          has(/ (category|cat|tag|kicker|topic|eyebrow|crumb|breadcrumb|rubric|section) /, mark[i].text);
      const weak = options.weakLabels.includes(plain) || heading;
      const held = evidence.get(box) || { score: 0, rules: [] };
      const beside = end[box] - box > 2 || sum('frames', box) > 0;
      held.score += weak ? 0.4 : beside ? 0.75 : 0.7;
      held.rules.push('label');
      // A cell that holds nothing but the label and the slot.
      if (weak && box !== i && besideAd(box, i, evidence)) { held.score += 0.4; held.rules.push('label beside an ad'); }
      evidence.set(box, held);
      const parent = up[box];
      if (places.get(placeOf(i, box)) > 1) continue;
      if (parent > 0 && chars(parent) < chars(i) + 200 && sum('fields', parent) === 0 && !cannotBeAd(parent) &&
          besideAd(parent, box, evidence)) {
        const outer = evidence.get(parent) || { score: 0, rules: [] };
        outer.score += 0.8;
        outer.rules.push('label beside an ad');
        evidence.set(parent, outer);
      } else if (parent > 0 && !weak && sum('fields', parent) === 0 && (isUnderLabel(parent, box, i) || chars(parent) < chars(i) + 400 &&
          (sum('foreign', parent) > 0 || (sum('frames', parent) > 0))) && !cannotBeAd(parent)) {
        const outer = evidence.get(parent) || { score: 0, rules: [] };
        outer.score += 0.75;
        outer.rules.push('label');
        evidence.set(parent, outer);
      }
    }
  };

  // Who fills a place with links that are paid for, and often with a heading like that of a list of the site's own.
  const WIDGET = /taboola|outbrain|revcontent|mgid|zergnet|nativendo|plista|ligatus|dianomi|engageya|adskeeper/i;
  const isWidget = (i) => mark[i].slot && has(WIDGET, `${attribute(nodes[i], 'id') || ''} ${attribute(nodes[i], 'class') || ''}`);
  const headedWidgets = (evidence) => {
    const seen = new Set();
    for (const i of indices()) {
      if (!isWidget(i) || !evidence.has(i) || sum('links', i) || seen.has(up[i])) continue;
      const box = up[i], head = end[box] - box > 60 ? -1 : headingOf(box);
      seen.add(box);
      if (head < 0 || chars(box) !== chars(head) || sum('links', box) || cannotBeAd(box)) continue;
      const words = headed(head), rest = few(box).filter((j) => !within(head, j) && !isVoid(j));
      if (words.related + words.trending + words.paid && !rest.length) evidence.set(box, { score: 1, rules: ['heading over paid links'] });
    }
  };

  const OVERLAY = / (overlay|interstitial|modal|popup|popin|lightbox|sticky|splash|fixed|floating|anchor) /;
  const isPart = (i) => mark[i].part && end[i] - i <= 2 && !mark[i].slot && sum('frames', i) + sum('pics', i) === 0 &&
    !(notes[i] || []).includes('slot data');

  // Of ads within ads: the outer one, unless it holds several that are slots of their own, or much besides.
  const resolve = (i, inner, evidence) => {
    const mine = evidence.get(i);
    const slots = inner.filter((j) => !isPart(j) && !(isLabel(j) && end[j] - j <= 2));
    if (!mine || mine.score < 0.7) return slots.length ? slots : inner;
    if (mine.rules.includes('heading over paid links')) return [i];
    if (slots.length >= 2 && mine.rules.includes('label') && slots.every((j) => up[j] === up[slots[0]])) return [i];
    if (slots.length >= 2 && !has(OVERLAY, mark[i].text) && !mark[i].slot) {
      const strong = slots.filter((j) => evidence.get(j).score >= 0.8);
      if (strong.length >= 2) return strong;
    }
    if (slots.length === 1) {
      const rest = chars(i) - chars(slots[0]);
      if (rest > 160 && sum('links', i) - sum('links', slots[0]) > 1) return slots;
    }
    return [i];
  };

  const findAds = () => {
    const evidence = new Map();
    for (const i of indices()) {
      if (!(mark[i].ad || mark[i].maybe_ad || mark[i].slot || notes[i]) || cannotBeAd(i)) continue;
      const seen = adEvidence(i);
      if (seen.score > 0) evidence.set(i, seen);
    }
    labelEvidence(evidence);
    headedWidgets(evidence);
    // A picture link that is nearly an ad becomes one by what its wrapper says.
    for (const [i, seen] of evidence) if (seen.score >= 0.3 && seen.score < 0.7) {
      const outer = near(up[i], (j) => evidence.has(j) && chars(j) <= chars(i) + 40 && !NEVER_AD.has(tag[j]));
      // A name within a name says nothing new: the parts of a thing are called like it.
      const isNew = outer >= 0 && seen.rules.some((rule) => !evidence.get(outer).rules.includes(rule));
      if (isNew && evidence.get(outer).score < 0.7 && depth[i] - depth[outer] < 6) {
        evidence.get(outer).score += seen.score;
        evidence.get(outer).rules.push(...seen.rules);
      }
    }
    const inner = new Map();
    for (const i of [...evidence.keys()].sort((a, b) => b - a)) {
      const kept = resolve(i, inner.get(i) || [], evidence);
      const outer = near(up[i], (j) => evidence.has(j));
      inner.set(outer, [...kept, ...(inner.get(outer) || [])]);
    }
    for (const i of inner.get(-1) || []) {
      const { score, rules } = evidence.get(i);
      if (!isPart(i) || score >= 1 || chars(i) === 0 || isLabel(i)) add('ad', i, score, rules);
    }
  };

  // ---- link blocks ----------------------------------------------------------------------------------------------

  const isHeading = (i) => {
    const size = chars(i);
    if (size < 2 || size > 70 || sum('long', i) > 0 && width(text(i)) > 34) return false;
    if (/^h[1-6]$/.test(tag[i])) return true;
    if (tag[i] === 'a' || full[i] || tag[i] === 'li' && (size > 30 || sum('links', i) > 0)) return false;
    if (mark[i].heading || /^(strong|b|legend|summary|caption|dt)$/.test(tag[i])) return true;
    if (tag[i] === 'span') return own[i] > 0;
    return BLOCKS.has(tag[i]) && (own[i] > 0 || (leaf[i] && size <= 40));
  };

  // How much of what stands beside its heading is links.
  const itemShare = (i, head) => {
    const own = head >= 0 && within(head, i) && sum('links', head) === 0 ? chars(head) + 1 : 0;
    return chars(i) > own ? sum('link', i) / (chars(i) - own) : 0;
  };
  const linkShare = (i) => (chars(i) ? sum('link', i) / chars(i) : 0);
  const barred = (i) => /^(html|body|main)$/.test(tag[i]) || holdsTitle(i) || holdsArticle(i) || sum('plain', i) > 2500;

  // Kinds that words of a heading name, and how sure they are: a heading that is hardly more than them says it best.
  const headed = (i) => {
    const value = lower(i, 90).replace(/^[\s/\-–—•*:|.»›>#+]*(?=[^+])/, '');
    const ranked = /^h[1-6]$/.test(tag[i]) || mark[i].heading;
    const share = (name) => {
      const hits = value.match(said[name]) || [], part = hits.reduce((total, hit) => total + width(hit), 0) / width(value);
      return hits.length && (part >= 0.5 || (ranked && (value.search(said[name]) < 2 ? part >= 0.2 : part >= 0.4))) ?
          Math.min(1, Math.max(0.5, part)) : 0;
    };
    return { trending: share('trending'), related: share('related'), paid: share('paid') };
  };

  // The smallest element around a heading that holds links after it.
  const blockAround = (i, least) => {
    let j = i;
    while (up[j] > 0 && !barred(up[j])) {
      j = up[j];
      if (sum('links', j) - sum('links', i) >= least && to[j] > to[i] + 8) return widened(i, boxOf(j));
      if (depth[i] - depth[j] > 5) return -1;
    }
    return -1;
  };

  const boxOf = (i) => (up[i] > 0 && chars(up[i]) === chars(i) && WHOLE.test(mark[up[i]].text) ? up[i] : i);

  // What site builders call their boxes: one of several beside each other is a block, however little it holds.
  const WHOLE = / (widget|module|panel|portlet|modul|bloque|bloco) /;
  // What holds a heading and a first link may be but the top of the block.
  const widened = (head, i) => {
    let best = i;
    for (let j = up[i], k = 0; j > 0 && k < 3 && sum('long', best) < 2; j = up[j], k++) {
      if (barred(j) || from[head] - from[j] > 80 || chars(j) > 6000 || sectionHeads(j) > 1) break;
      if (WHOLE.test(mark[best].text) && children(j).some((other) => other !== best && WHOLE.test(mark[other].text))) break;
      if (sum('long', j) >= (sum('long', best) ? 2 : 1) && isLinky(j)) best = j;
    }
    return best;
  };

  const listAfter = (i) => {
    for (let j = i, k = 0; j > 0 && k < 4 && chars(j) <= chars(i) + 30; j = up[j], k++) {
      for (let other = end[j]; other < end[up[j]]; other = end[other]) {
        if (isHeading(other) && /^h[1-6]$/.test(tag[other]) || headingOf(other) >= 0 &&
            headed(headingOf(other)).related + headed(headingOf(other)).trending > 0) return -1;
        if (sum('links', other) < 1 || tag[other] === 'p' || !isLinky(other) || barred(other)) continue;
        const parent = up[other], like = children(parent).filter((k) => tag[k] === tag[other] &&
            mark[k] === mark[other] && sum('links', k) > 0);
        if (like.length > 2 && !barred(parent) && chars(parent) < 6000 && sectionHeads(parent) <= 1) return parent;
        if (sum('links', other) >= 2) return other;
      }
    }
    return -1;
  };

  // Headings in an element that have several long links of their own before the next heading.
  const sectionHeads = (i) => {
    const heads = [], titles = new Map(); // how many of each make are links
    for (let j = i + 1; j < end[i]; j++) {
      if (!/^h[1-6]$/.test(tag[j]) && !(mark[j].heading && (BLOCKS.has(tag[j]) || tag[j] === 'span'))) continue;
      const make = `${tag[j]} ${mark[j].text}`;
      if (sum('links', j) > 0) titles.set(make, (titles.get(make) || 0) + 1);
      if (isHeading(j) && near(up[j], (k) => tag[k] === 'a' || k === i) <= i) { heads.push(j); j = end[j] - 1; }
    }
    const makes = new Map();
    for (const j of heads) {
      const make = `${tag[j]} ${mark[j].text}`;
      makes.set(make, [...(makes.get(make) || []), j]);
    }
    const leading = [];
    for (const [make, made] of makes) {
      const size = Math.max(made.length, titles.get(make) || 0);
      const lead = made.filter((j, k) => (k + 1 < made.length ? start.long[made[k + 1]] :
          stop.long[i]) - stop.long[j] >= 2);
      // Titles of items are of one make, too, and have at most the link of their own item after them.
      if (size < 3 || lead.length > size / 2) leading.push(...lead);
    }
    leading.sort((x, y) => x - y);
    const apart = leading.filter((j, k) => k === 0 || start.long[j] > stop.long[leading[k - 1]]).length;
    const close = heads.filter((j, k) => (k + 1 < heads.length ? start.long[heads[k + 1]] :
        stop.long[i]) - stop.long[j] >= 2).length;
    return Math.max(apart, close);
  };

  // How many children are of one make and each hold a long link.
  const alike = (i) => {
    for (let j = i, k = 0; k < 5; k++) {
      const below = children(j), makes = new Map();
      let next = -1;
      for (const child of below) {
        if (sum('long', child) === 0) continue;
        if (next < 0 || chars(child) > chars(next)) next = child;
        const make = `${tag[child]} ${mark[child].text.replace(/ (first|last|odd|even|active|featured) /g, ' ')}`;
        if (tag[child] !== 'p' && sum('long', child) <= 3) makes.set(make, (makes.get(make) || 0) + 1);
      }
      const most = Math.max(0, ...makes.values());
      if (most >= 3 || next < 0) return most;
      j = next;
    }
    return 0;
  };

  const teaserLike = (i) => {
    const long = sum('long', i);
    if (long < 3 || chars(i) > 9000 || barred(i)) return false;
    if (linkShare(i) < 0.36) return linkShare(i) > 0.12 && chars(i) / long < 400 && alike(i) >= 3;
    // Picture, headline and "more" of one teaser lead to one page.
    const links = sum('links', i) - sum('again', i);
    return sum('link', i) / Math.max(1, links) >= 11 && long >= links * 0.28;
  };

  // Headings in an element that say what a block is, and have links after them.
  const namedHeads = (i) => {
    let heads = 0;
    for (let j = i + 1; j < end[i]; j++) {
      if (!(/^h[1-6]$/.test(tag[j]) || mark[j].heading) || !isHeading(j)) continue;
      const words = headed(j), after = up[j] > i && chars(up[j]) < chars(j) + 8 ? up[j] : j;
      if ((words.trending || words.related || words.paid) && sum('links', up[after]) > sum('links', j)) heads++;
      j = end[j] - 1;
    }
    return heads;
  };

  // Whether an element's heading belongs to one of its children, which has a list of its own beside another.
  const leadsOneOfSeveral = (i) => {
    const head = headingOf(i);
    if (head < 0) return false;
    const below = children(tightened(i)).filter((j) => sum('long', j) > 0), first = below.find((j) => within(head, j));
    return first !== undefined && below.length > 1 && sum('long', first) >= 2 && alike(first) + 1 >= sum('long',
        first) * 0.5 &&
      below.some((j) => j !== first && sum('long', j) >= 2);
  };

  // Lists with an ad between them stand in one column, and are no one block.
  const isColumn = (i) => {
    const lists = children(i).filter((j) => sum('long', j) >= 3 && teaserLike(j));
    return lists.some((j, k) => k > 0 && adsBefore(j) > adsBefore(end[lists[k - 1]]));
  };
  let adsCounted = null;
  const adsBefore = (i) => {
    if (!adsCounted) {
      adsCounted = new Uint32Array(count + 1);
      for (const one of found) if (one.kind === 'ad') adsCounted[one.i + 1]++;
      for (let j = 0; j < count; j++) adsCounted[j + 1] += adsCounted[j];
    }
    return adsCounted[i];
  };

  // From the top down: what is like a list of teasers with one heading at most.
  const structural = () => {
    const blocks = [];
    const visit = (i) => {
      if (sum('long', i) < 3 || late()) return;
      if (mark[i].comments && chars(i) > 0) return;
      if (teaserLike(i) && sectionHeads(i) <= 1 && namedHeads(i) <= 1 &&
          !leadsOneOfSeveral(i) && !isColumn(i) && !isSiteMap(i)) { blocks.push(tightened(i)); return; }
      const below = children(i);
      const like = below.filter((j) => sum('long', j) >= 1);
      if (like.length === 1) visit(like[0]); else below.forEach(visit);
    };
    if (count) visit(0);
    return blocks;
  };

  // The innermost element that holds the same: all of the text, or all of the teasers and their heading.
  const tightened = (i) => {
    for (;;) {
      const below = children(i), only = below.filter((j) => chars(j) > 0), listed = below.filter((j) => sum('long',
          j) > 0);
      const head = headingOf(i);
      if (head < 0 && only.length === 1 && headingPicture(i) !== headingPicture(only[0])) return i;
      if (only.length === 1 && chars(only[0]) >= chars(i) * 0.97) i = only[0];
      else if (listed.length === 1 && head >= 0 && within(head, listed[0]) &&
          headingOf(listed[0]) === head) i = listed[0];
      else return i;
    }
  };

  const headingOf = (i) => {
    for (let j = i + 1; j < end[i]; j++) {
      if (from[j] > from[i] + 60) break;
      if (isHeading(j) && near(j, (k) => tag[k] === 'a' || k <= i) <= i) return j;
    }
    return -1;
  };
  const headingBefore = (i) => {
    for (let j = i, k = 0; j > 0 && k < 2; j = up[j], k++) {
      const older = children(up[j]).filter((other) => other < j && chars(other) > 0);
      const last = older[older.length - 1];
      if (last === undefined) continue;
      const isOne = (isHeading(last) && /^h[1-6]$|strong/.test(tag[last])) || (mark[last].heading && chars(last) < 60);
      return isOne ? last : -1;
    }
    return -1;
  };

  // An ordered list, or items that begin with 1, 2, 3.
  const ranked = (i) => {
    if (children(i).some((j) => tag[j] === 'ol')) return true;
    const value = ` ${text(i, 900)}`, one = value.search(/\s1\.?\s/), two = value.search(/\s2\.?\s/),
        three = value.search(/\s3\.?\s/);
    return one >= 0 && two > one + 8 && three > two + 8;
  };

  const NO_WORDS = { trending: 0, related: 0, paid: 0 };

  // What kind a block is, and how sure that is: by its heading, its names, and what it is made of.
  const judgeBlock = (i, why, hint) => {
    const head = hint >= 0 ? hint : headingOf(i) >= 0 ? headingOf(i) : headingBefore(i);
    const words = head >= 0 ? headed(head) : NO_WORDS, named = Boolean(words.trending || words.related);
    const points = { trending: 0, related: 0, ad: 0 }, rules = [why];
    const give = (kind, value, rule) => { points[kind] += value; rules.push(rule); };
    byHeading(i, head, words, give);
    if (!named) byCalling(i, give);
    byNames(i, give);
    // A box in the article that its name calls so, and that holds nothing but the site's own headlines.
    if (points.related > 0 && !named && inArticle(i) && itemShare(i, head) > 0.8 && sum('astray', i) === 0) give('related', 0.25, 'only links');
    if (points.trending > 0 && ranked(i)) give('trending', 0.3, 'ranked');
    if (why === 'run of links') byMake(i, head, points.trending > points.related ? 'trending' : 'related', give);
    // Headings outweigh names: widgets are given other words than the theme's.
    if (words.related > words.trending) points.trending *= 0.6;
    if (words.trending > words.related) points.trending += points.related * 0.3;
    byPlace(i, named || isTicker(i), points);
    if (!named) byDoubt(i, points);
    if (words.paid && has(concept.name, lower(i, 80))) points.ad = 0;
    const kind = Object.keys(points).sort((a, b) => points[b] - points[a])[0];
    return { kind, i, score: points[kind], rules: [...new Set(rules)], head, named: named || words.paid > 0 };
  };

  const byHeading = (i, head, words, give) => {
    if (words.trending) give('trending', 0.5 + words.trending * 0.5, 'heading');
    if (words.related) give('related', 0.5 + words.related * 0.5, 'heading');
    const inFooter = isBelow(i) && sum('pics', i) < 2;
    const sells = sum('long', i) + sum('pics', i) + sum('foreign', i) > 0 || !sum('links', i);
    if (words.paid && chars(head) < 50 && !inFooter && sells) give('ad', 0.6 + words.paid * 0.5, 'heading');
    else if (head >= 0 && within(head, i) && sells && holdsLabel(head) && !isPlace(near(head, (j) => tag[j] === 'li'))) give('ad', 0.9, 'label in the heading');
  };

  // An item of a list in which a label stands over a place for an ad of its own.
  const isPlace = (item) => {
    if (item < 0 || chars(item) > 60) return false;
    for (let j = item + 1; j < Math.min(end[item], item + 20); j++) if (/^(div|ins|iframe|section|aside)$/.test(tag[j]) && chars(j) === 0) return true;
    return false;
  };

  // What stands for a heading: a picture of one before all text, or what a screen reader calls the block.
  const byCalling = (i, give) => {
    const called = [i, up[i]].filter((j) => j > 0 && (notes[j] || []).includes('called') && chars(j) <= chars(i) * 1.25 + 40)
      .map((j) => attribute(nodes[j], 'aria-label'));
    for (const value of [...called, headingPicture(i)]) {
      const kind = kindOf(value);
      if (kind) return give(kind, 0.6, 'called so');
    }
  };
  const kindOf = (value) => {
    const name = plainly((value || '').slice(0, 80));
    const says = (kind) => (name.match(said[kind]) || []).join('').length >= Math.max(4, name.length * 0.5);
    return ['trending', 'related'].find(says) || '';
  };
  // What a picture before all text of an element says instead of a heading.
  const headingPicture = (i) => {
    for (let j = i + 1; j < Math.min(end[i], i + 8) && from[j] === from[i]; j++) {
      if (tag[j] !== 'img' || near(j, (k) => tag[k] === 'a' || k <= i) > i) continue;
      const says = attribute(nodes[j], 'alt');
      if (kindOf(says)) return says;
    }
    return '';
  };

  const byNames = (i, give) => {
    const outer = [i, up[i]].filter((j) => j > 0 && chars(j) <= chars(i) * 1.25 + 40);
    const near = [...outer, ...children(i).slice(0, 4)];
    for (const kind of ['trending', 'related']) if (near.some((j) => mark[j][kind])) give(kind, 0.45, 'markup');
    if (outer.some((j) => (mark[j].ad || mark[j].slot) && !isOrganic(j))) give('ad', 0.6, 'markup');
  };

  // The line of headlines that runs at the top of a page, between its menus.
  const TICKER = / (ticker|newsticker) /;
  const isTicker = (i) => sum('long', i) >= 3 && [i, ...few(i).slice(0, 4)].some((j) => has(TICKER, mark[j].text));

  const byMake = (i, head, kind, give) => {
    give(kind, 0.55, 'run of links');
    if (head >= 0 && chars(i) > chars(head) + 10) give(kind, 0.15, 'has a heading');
    if (sum('pics', i) >= 2) give(kind, 0.1, 'pictures');
    if (head < 0 && linkShare(i) > 0.7 && sum('long', i) >= 4) give(kind, 0.12, 'pure list');
    if (near(i, (j) => tag[j] === 'aside' || mark[j].beside) >= 0 && alike(i) >= 3) give(kind, 0.1, 'beside');
  };

  // Menus have links that are short, and headers and comments have lists of their own.
  const byPlace = (i, named, points) => {
    const isMenu = !named || sum('long', i) < 3 || sum('link', i) / sum('links', i) < 18;
    if (near(i, isChrome) >= 0 && isMenu) { points.related -= 0.5; points.trending -= 0.4; }
    if (named) return;
    if (near(i, (j) => tag[j] === 'header' && !within(article, j)) >= 0) points.related -= 0.4;
    if (near(i, (j) => mark[j].comments && !holdsArticle(j)) >= 0) { points.related -= 0.6; points.trending -= 0.4; }
  };

  // What speaks against a list that nothing calls one of articles.
  const byDoubt = (i, points) => {
    const links = sum('links', i), long = sum('long', i), link = sum('link', i);
    if (isBelow(i) && sum('foreign', i) > links * 0.6 && links > 2) points.related -= 0.3;
    if (isBelow(i) && sum('pics', i) < 2 && (long < links * 0.4 || link / links < 18)) points.related -= 0.3;
    if (link / long < 24 && !has(WIDE, text(i, 200))) points.related -= 0.2;
    if (isSiteMap(i)) points.related -= 0.6;
    // Columns at the end of a page lead about the site and to its services, which have shorter names than articles.
    if (near(i, (j) => tag[j] === 'footer') >= 0 && sum('pics', i) < 2 && titleLength(i) < 30) points.related -= 0.3;
    if (inArticle(i) && up[i] === article && !(mark[i].related && linkShare(i) > 0.8)) points.related -= 0.4;
  };

  // How wide the long links of a block are on average.
  const titleLength = (i) => {
    let all = 0, titles = 0;
    for (let j = i; j < end[i]; j++) if (tag[j] === 'a' && sum('long', j) > 0) { titles++; all += width(text(j, 300)); }
    return titles ? all / titles : Infinity;
  };

  const isSiteMap = (i) => (text(i, 4000).match(said.site) || []).length > 1;

  const TAGS = / (tags?|tagcloud|topics|keywords|etiquetas|breadcrumbs?) /;
  const isTagList = ({ i, head, rules }) => !rules.includes('heading of nothing') &&
    ((head >= 0 && has(said.tags, lower(head, 60))) || has(TAGS, mark[i].text) || has(said.tags, lower(i, 14)));

  // Share bars, sign-ups, tags and the like that look as if they were lists of articles.
  const isUnlikely = (block) => {
    const { i, kind } = block, long = sum('long', i);
    if (sum('social', i) > 1 && long < 2) return true;
    if (sum('mail', i) > 0 && has(said.newsletter, lower(i, 900))) return true;
    if (kind !== 'related') return false;
    return (sum('links', i) > 0 && long === 0) || (mark[i].comments && long < 3) || isTagList(block) ||
      (!(block.named && mark[i].related) && near(i, (j) => mark[j].social && !mark[j].related) >= 0);
  };

  const findLinkBlocks = () => {
    const blocks = new Map();
    const offer = (block) => {
      if (block.i < 0 || block.score < 0.65) return;
      if (isUnlikely(block)) return;
      if (blocks.size >= options.maxRegions) { partial = partial || 'regions'; return; }
      const older = blocks.get(block.i);
      if (!older || older.score < block.score) blocks.set(block.i, block);
    };
    for (const i of structural()) offer(judgeBlock(i, 'run of links', -1));
    for (const i of indices()) {
      if (!isHeading(i) || near(up[i], (j) => tag[j] === 'a') >= 0 && /^(span|strong|b)$/.test(tag[i])) continue;
      const words = headed(i);
      if (!words.trending && !words.related && !words.paid) continue;
      offerHeaded(i, words, offer);
    }
    for (const i of indices()) {
      if (!(mark[i].trending || mark[i].related) || barred(i) || !BLOCKS.has(tag[i])) continue;
      if (chars(i) > 20 && chars(i) < 6000 && sum('long', i) >= 1 && isLinky(i) &&
          !leadsOneOfSeveral(i)) offer(judgeBlock(i, 'markup', -1));
    }
    insets(offer);
    skeletons(offer);
    return settle([...blocks.values()]);
  };

  // Mostly links, or teasers with a few lines below each.
  const isLinky = (i) => linkShare(i) > 0.3 ||
    (sum('long', i) >= 2 && linkShare(i) > 0.12 && chars(i) / sum('long', i) < 400);

  const offerHeaded = (i, words, offer) => {
    const linkedHead = sum('links', i);
    if (words.related && !words.trending && /^(strong|b|span)$/.test(tag[i]) && /^(p|li)$/.test(tag[up[i]])) return;
    const around = blockAround(i, 1 + (linkedHead ? 1 : 0));
    if (around >= 0) {
      const fits = chars(around) < 6000 && sectionHeads(around) <= 1 && (words.paid || isLinky(around));
      if (tag[tightened(around)] === 'p') return;
      if (fits && from[i] - from[around] < 80) return offer(judgeBlock(tightened(around), 'heading', i));
    }
    const list = listAfter(i);
    if (list >= 0 && isLinky(list) && chars(list) < 6000) return offer(judgeBlock(list, 'heading', i));
    if (/^(strong|b|span)$/.test(tag[i]) && tag[up[i]] === 'p') return;
    const box = labelled(i), isText = inArticle(i) && up[i] === article, waits = awaits(box);
    const sure = Math.max(words.trending, words.related, words.paid) > (words.trending || waits ? 0.4 : 0.75);
    const isHead = /^h[1-6]$/.test(tag[i]) || (mark[i].heading && leaf[i] && waits);
    if (sure && isHead && box !== i && sum('links', box) === 0 && !isText) offer(judgeBlock(box, 'heading of nothing', i));
  };

  // An empty place for such a list.
  const awaits = (i) => {
    for (let j = i + 1; j < Math.min(end[i], i + 20); j++) if ((mark[j].trending || mark[j].related) && chars(j) === 0) return true;
    return false;
  };

  // A box within the article that has the headline of another one, and perhaps its picture and first lines.
  const insets = (offer) => {
    for (const i of indices()) {
      if (!/^(aside|figure)$/.test(tag[i]) || !inArticle(i) || chars(i) < 20 || chars(i) > 700 || barred(i)) continue;
      if (near(up[i], (j) => /^(aside|figure|nav|form)$/.test(tag[j])) >= 0) continue;
      if (sum('foreign', i) + sum('social', i) + sum('frames', i) + sum('fields', i) + sum('mail', i)) continue;
      const links = sum('links', i) - sum('again', i), named = headlineIn(i);
      if (sum('long', i) === 1 && links <= 2 && named >= 0 && !has(said.newsletter, lower(i, 700))) {
        offer({ kind: 'related', i, score: 0.7, rules: ['headline of another article'], head: named });
      }
    }
  };
  // The heading that is a link, or within one.
  const headlineIn = (i) => {
    for (let j = i + 1; j < end[i]; j++) {
      if (!/^h[1-6]$/.test(tag[j]) || width(text(j, 300)) < options.longLink) continue;
      if (sum('long', j) > 0 || near(j, (k) => tag[k] === 'a' || k <= i) > i) return j;
    }
    return -1;
  };

  // Blocks that a script would have filled: a heading, perhaps tabs, and nothing more.
  const skeletons = (offer) => {
    for (const i of indices()) {
      if (!/^(aside|section)$/.test(tag[i]) || sum('links', i) || chars(i) < 4 || chars(i) > 90 || barred(i)) continue;
      const head = headingOf(i), value = lower(i, 90);
      if (head < 0 || !/^h[1-6]$/.test(tag[head])) continue;
      const words = headed(head);
      const kind = words.trending || has(said.trending, value) ? 'trending' : words.related ? 'related' : '';
      if (kind) offer({ kind, i, score: 0.8, rules: ['heading of nothing'], head });
    }
  };

  // Of blocks within blocks: the one that says more, and of equals the inner one where it holds nearly all.
  const settle = (blocks) => {
    blocks.sort((a, b) => a.i - b.i || b.score - a.score);
    const kept = [];
    for (const block of blocks) {
      const outer = kept.find((other) => within(block.i, other.i));
      if (!outer) kept.push(block);
      else if (isBetter(block, outer, partsOf(outer, blocks))) kept.splice(kept.indexOf(outer), 1, block);
    }
    return kept;
  };

  const partsOf = (outer, blocks) => {
    const inside = blocks.filter((other) => other !== outer && within(other.i, outer.i));
    return inside.filter((other) => other.i !== outer.i && !inside.some((one) => one !== other && within(other.i, one.i)));
  };

  const isBetter = (block, outer, parts) => {
    // Tabs of one widget.
    if (outer.kind === 'trending' && mark[outer.i].trending && parts.every((part) => part.kind === 'trending')) return false;
    if (parts.length < 2) return block.score > outer.score + 0.15 && (chars(block.i) > chars(outer.i) * 0.5 || outer.score < 0.8);
    const ownsHead = (part) => part.named && outer.head >= 0 && within(outer.head, part.i);
    const headed = outer.rules.includes('run of links') ? parts.find(ownsHead) : undefined;
    if (headed && chars(headed.i) < chars(outer.i) * 0.8) return chars(headed.i) > chars(outer.i) * 0.25;
    const share = parts.reduce((total, part) => total + chars(part.i), 0) / Math.max(1, chars(outer.i));
    return share > 0.7 && parts.every((part) => part.score >= 0.8 && part.head >= 0 && (part.named || !outer.named));
  };

  // ---- notices --------------------------------------------------------------------------------------------------

  const isCapital = (value) => {
    const letters = value.replace(/[^\p{L}]/gu, '');
    return letters.length > 50 && letters.replace(/[^\p{Lu}]/gu, '').length > letters.length * 0.8;
  };

  const twice = (expression, value) => {
    const first = expression.exec(value);
    return has(expression, value.replaceAll(first[0], ' '));
  };

  const noticeScore = (i, given) => {
    const value = given.replace(permitted, ' ');
    const hits = {}, rules = [];
    for (const name in concept) hits[name] = has(concept[name], value);
    for (const name of options.alone) {
      if (!hits[name] || !twice(concept[name], value)) continue;
      hits.twice = true;
      rules.push(`${name} twice`);
    }
    let score = hits.twice ? 0.75 : options.alone.some((name) => hits[name]) ? 0.4 : 0;
    for (const [a, b, points] of options.notices) {
      if (!hits[a] || !hits[b] || a === 'reuse' && isCopyright(i, value) >= 0.7) continue;
      score = score ? Math.max(score, points) + 0.1 : points;
      rules.push(`${a} and ${b}`);
    }
    const name = value.search(concept.name), isTitled = value.search(concept.note) === 0 && has(/^[^.]{3,30}:/, value);
    if ((name >= 0 && name < 12) || isTitled) {
      score += 0.45;
      rules.push('named');
    }
    return { score, rules };
  };

  const SMALL = /^(small|em|i)$/;
  const LEAD = / (?:small|note|legal|fineprint|fine|info|notice|hint|hinweis|disclosure|disclaimer) /;
  const noticeAt = (i) => {
    const size = width(text(i, 4000));
    if (size < 28 || size > 3200) return null;
    const value = lower(i, 3200);
    const { score: base, rules } = noticeScore(i, value);
    let score = base;
    const give = (points, rule) => { score += points; if (rule) rules.push(rule); };
    const named = near(i, (j) => mark[j].disclaimer && chars(j) < chars(i) * 1.6 + 60);
    if (named >= 0) give(0.45, 'markup');
    if (!score) return null;
    if (SMALL.test(tag[i]) || (children(i).length === 1 && SMALL.test(tag[i + 1]))) give(0.15, 'small print');
    if (isCapital(text(i, 3200))) give(0.25, 'capitals');
    if (isBelow(i)) give(0.1, 'below');
    if (has(LEAD, mark[i].text)) give(0.1, 'markup');
    if (linkShare(i) > 0.5) give(-0.6);
    else if (sum('links', i) > 5) give(-0.3);
    const tells = tag[i] === 'p' && inArticle(i) && !isTail(i) && named < 0;
    const earns = ['affiliate and buying', 'commission and earning'].some((rule) => rules.includes(rule));
    if (tells && !earns) give(-0.35);
    const isLong = inArticle(i) ? size > 700 : size > 1000 && !isBelow(i) && !rules.includes('named');
    if (isLong) give(-0.2);
    if (has(/\{\{.*\}\}/, value)) give(-0.5); // a template that no script has filled
    if (near(i, (j) => mark[j].cookie || mark[j].newsletter || (tag[j] === 'form' && sum('fields', j) > 0)) >= 0) give(-0.3);
    return score >= 0.7 ? { kind: 'disclaimer', i, score, rules } : null;
  };

  const YEAR = /(?:19|20)\d\d|二〇|二零/;
  const ABOUT_RIGHTS = new RegExp('(millennium )?copyright ' +
    '(act|law|polic\\w+|notice|complaint\\w*|infring\\w+|agent|claim\\w*|report\\w*|concern\\w*|violation\\w*)', 'g');
  const CAPTION = / (caption|credit|photo|image|figure|bildunterschrift|legende) /;
  const isCaption = (j) => /^(figure|figcaption|picture)$/.test(tag[j]) || has(CAPTION, mark[j].text);

  const isCopyright = (i, given) => {
    const value = given.replace(ABOUT_RIGHTS, ' ');
    let score = 0;
    const sign = has(/[©ⓒ℗]|\(c\)\s*(?:19|20)?\d/i, value), word = has(said.copyright, value),
        rights = has(said.rights, value);
    if (!sign && !word && (!rights || followsRights(i))) return 0;
    if (sign) score += 0.55;
    if (word) score += 0.4;
    if (has(/^[\s\d|-]*(©|copyright|\(c\))/, value)) score += 0.15;
    if (rights) score += 0.5;
    if (has(YEAR, value)) score += 0.2;
    if (isBelow(i)) score += 0.2;
    if (near(i, (j) => mark[j].copyright && chars(j) < 700) >= 0) score += 0.25;
    if (inArticle(i) && !isTail(i)) score -= 0.45;
    // What is called a credit at the end of the page is no picture's.
    const caption = near(i, isCaption);
    if (caption >= 0 && (/^(figure|picture)$/.test(tag[caption]) || !isBelow(up[caption]))) score -= 0.7;
    if (linkShare(i) > 0.9 && value.length < 40 && !has(YEAR, value)) score -= 0.6;
    if (sign && !rights && !has(YEAR, value) && value.replace(/[©ⓒ]/g, '').trim().length < 3) score -= 0.5;
    return score;
  };

  // What comes after the line that says whose the rights are tells what others may do.
  const followsRights = (i) => {
    const beside = few(up[i]).filter((j) => j < i && chars(j) > 3), last = beside[beside.length - 1];
    return last !== undefined && chars(last) < 120 && has(/©/, text(last, 120));
  };

  const copyrightIn = (i) => {
    if (chars(i) < 4) return;
    const line = lineIn(i);
    if (line >= 0) return add('copyright', line, isCopyright(line, lower(line, 900)), ['copyright words']);
    const value = lower(i, 1500), score = isCopyright(i, value);
    if (score < 0.7 || value.length > 900) return;
    let box = i;
    while (chars(box) < 14 && up[box] > 0 && chars(up[box]) < 220) box = up[box];
    add('copyright', box, score, ['copyright words']);
  };

  // The one line of a longer paragraph that is the notice.
  const lineIn = (i) => {
    const parts = children(i).filter((j) => chars(j) > 3);
    if (chars(i) <= 220 && parts.length <= 4) return -1;
    const lines = parts.filter((j) => tag[j] !== 'a' && chars(j) >= 12 && isCopyright(j, lower(j, 900)) >= 0.7);
    return lines.length === 1 && chars(lines[0]) < chars(i) * 0.6 ? lines[0] : -1;
  };

  // What may be a notice: blocks without blocks in them, texts that stand beside blocks, and long parts of a line.
  const isText = (i) => {
    if (leaf[i]) return true;
    const inline = !BLOCKS.has(tag[i]);
    // A line that stands in no block of its own, beside blocks.
    if (inline && own[i] > 3 && up[i] >= 0 && full[up[i]]) return true;
    if (own[i] <= 30) return false;
    if (full[i]) return inline || chars(i) < 1500;
    return inline && tag[i] !== 'a' && up[i] >= 0 && (full[up[i]] || (chars(i) > 60 && chars(i) < chars(up[i]) * 0.8));
  };

  const texts = () => {
    const found = [...indices()].filter(isText);
    // What is not the article's goes first, so that a long article leaves time for it.
    return [...found.filter((i) => !inArticle(i)), ...found.filter(inArticle)];
  };

  const findNotices = () => {
    const notices = new Map();
    let read = 0;
    for (const i of texts()) {
      if ((read += Math.min(chars(i), 3200)) > options.maxNotices) { partial = partial || 'text'; break; }
      if (late()) break;
      copyrightIn(i);
      const notice = notices.size < options.maxRegions ? noticeAt(i) : null;
      if (notice) notices.set(i, notice);
    }
    for (const i of indices()) {
      if (!mark[i].disclaimer || notices.has(i) || barred(i) || /^(a|li|button|body)$/.test(tag[i])) continue;
      if (chars(i) < 12 || chars(i) > 3000 || linkShare(i) > 0.5) continue;
      const seen = noticeScore(i, lower(i, 3200)), score = 0.5 + seen.score + (isBelow(i) ? 0.1 : 0);
      if (score >= 0.7) notices.set(i, { kind: 'disclaimer', i, score, rules: ['markup', ...seen.rules] });
    }
    titledNotices(notices);
    joinNotices(notices);
    for (const notice of notices.values()) found.push(notice);
  };

  // What stands under a heading that calls it a notice.
  const titledNotices = (notices) => {
    for (const i of indices()) {
      if (!isHeading(i) || !(/^h[1-6]$/.test(tag[i]) || mark[i].heading) || sum('links', i)) continue;
      const value = lower(i, 70), hit = concept.name.exec(value) || concept.note.exec(value);
      if (!hit || hit[0].length < value.length * 0.6) continue;
      const box = near(up[i], (j) => chars(j) > chars(i) + 40);
      if (box > 0 && chars(box) < 3000 && !barred(box) && box !== article && from[i] - from[box] < 20 &&
          linkShare(box) < 0.4) {
        const inside = [...notices.keys()].filter((j) => within(j, box));
        inside.forEach((j) => notices.delete(j));
        notices.set(box, { kind: 'disclaimer', i: box, score: 0.85, rules: ['heading'] });
      }
    }
  };

  // Paragraphs of one notice become their parent, and a short heading before one comes with it.
  const joinNotices = (notices) => {
    for (let again = true; again;) {
      again = false;
      for (const [i, notice] of [...notices]) {
        const parent = up[i];
        if (!notices.has(i) || parent <= 0 || barred(parent)) continue;
        if (notices.has(parent)) { keepBetter(notices, parent, i); again = true; continue; }
        const beside = children(parent).filter((j) => notices.has(j));
        const sumOf = beside.reduce((total, j) => total + chars(j), 0);
        const heading = chars(parent) - sumOf < 60 && from[beside[0]] - from[parent] > 0 &&
            to[parent] - to[beside[beside.length - 1]] < 30;
        const several = beside.length > 1 && sumOf > chars(parent) * 0.75;
        if ((heading || several) && chars(parent) < 4000 && !(inArticle(parent) && article === parent)) {
          const best = Math.max(...beside.map((j) => notices.get(j).score));
          beside.forEach((j) => notices.delete(j));
          notices.set(parent, { ...notice, i: parent, score: best });
          again = true;
        }
      }
    }
    for (const i of [...notices.keys()]) for (let j = up[i]; j >= 0; j = up[j]) if (notices.has(j) &&
        notices.has(i)) { keepBetter(notices, j, i); }
  };
  const keepBetter = (notices, outer, inner) => {
    if (chars(inner) < chars(outer) * 0.6 &&
        notices.get(inner).score >= notices.get(outer).score) notices.delete(outer); else notices.delete(inner);
  };

  // ---- newsletter, comments, social, paywall, cookie ------------------------------------------------------------

  // One of several items is but a part, and a heading before what is alone with it belongs to it.
  const completed = (kind, i) => {
    const lone = aloneIn(i), parent = up[lone];
    if (parent <= 0 || barred(parent) || chars(parent) > chars(i) + 300) return i;
    if (tag[i] === 'li' && few(up[i]).filter((j) => mark[j][kind]).length > 1) return up[i];
    const parts = few(parent).filter((j) => j === lone || !isVoid(j));
    if (few(parent).length === MANY) return i;
    if (parts.length === 1 && tag[i].includes(':')) return parent;
    const head = parts.length === 2 && parts[1] === lone && sum('links', parts[0]) === 0 ? headIn(parts[0]) : -1;
    return head >= 0 && chars(head) <= 40 && leads(kind, head) ? parent : i;
  };
  // The children of an element, or as many as tell that there are many.
  const MANY = 20;
  const few = (i) => {
    const some = [];
    for (let j = i + 1; j < end[i] && some.length < MANY; j = end[j]) some.push(j);
    return some;
  };
  const isVoid = (i) => chars(i) + sum('links', i) + sum('pics', i) + sum('fields', i) === 0;
  const leads = (kind, i) => isHeading(i) && (/^(h[1-6]|strong|b)$/.test(tag[i]) || mark[i].heading ||
      (kind === 'social' && has(said.share, lower(i, 40))));
  // The outermost of the wrappers that hold nothing else.
  const aloneIn = (i) => {
    let j = i;
    for (let k = 0; k < 4 && up[j] > 0 && !barred(up[j]) && chars(up[j]) === chars(j) &&
        few(up[j]).length < MANY && few(up[j]).every((other) => other === j || isVoid(other)); k++) j = up[j];
    return j;
  };
  const headIn = (i) => { let j = i; while (j + 1 < end[i] && chars(j + 1) === chars(i)) j++; return j; };

  const outermost = (kind, fits) => {
    let skip = -1;
    for (const i of indices()) {
      if (i < skip || !mark[i][kind] || barred(i) || holdsTitle(i) ||
          /^(a|svg|button|input|label|h\d|span|i|img|option)$/.test(tag[i])) continue;
      const score = fits(i);
      if (score >= 0.7) { const box = completed(kind, kind === 'social' ? buttonsIn(i) : i); add(kind, box, score, ['markup']); skip = end[box]; }
    }
  };

  // The systems that sites embed, and several comments under one another.
  const COMMENT_SYSTEM = / (fb comments|facebook comments|disqus|hyvor|spot im|openweb|coral|livefyre|vuukle|remark|viafoura|changyan|sohucs|cackle|hypercomments|intensedebate|giscus|utterances|commento) /;
  const isThread = (i) => {
    const parts = children(i);
    const holder = parts.length === 1 ? children(parts[0]) : parts;
    return holder.filter((j) => mark[j].comments && chars(j) > 20).length >= 2;
  };
  const COUNTER = / (count|counter|link|number|icon|num|btn|button|off|policy|closed) /;
  const NETWORK = / (facebook|fb|twitter|linkedin|pinterest|whatsapp|telegram|reddit|vk|vkontakte|instagram|youtube|tumblr|weibo|wechat|xing|flipboard|messenger|viber|odnoklassniki|hatena|line|kakao)(?= )/g;
  const BESIDE_BAR = / (mailform|mail|break|shadow|overlay|modal|popup|counter|total) /;
  const LOGIN = / (login|signin|sign in|sign up|signup|register|registration|account|oauth) /;
  const SHARE_WIDGET = / (shariff|addthis|addtoany|a2a|sharethis|sharedaddy|jssocials|ssba|essb|bdsharebuttonbox|rrssb|share buttons|sharebuttons|ya share|likely) /;
  const SHARING = / (share|sharing|shares|follow|sharedaddy|addthis|addtoany|shariff|essb) /;
  const isQuoted = (i) => near(i, (j) => tag[j] === 'blockquote') >= 0 || tag[i + 1] === 'blockquote';
  // To log in, to comment, or to send the article to a friend.
  const isOtherForm = (i) => sum('secrets', i) > 0 || near(i, (j) => mark[j].comments || (mark[j].social &&
      !mark[j].newsletter)) >= 0 ||
    (sum('mail', i) > 0 && sum('fields', i) > 3) || has(/ (send|friend|mail article|sharing|login|comment\w*) /,
        mark[i].text);

  const findOthers = () => {
    outermost('newsletter', (i) => {
      if (chars(i) > 1500 || sum('long', i) > 6 || isOtherForm(i) || (near(i, isChrome) >= 0 && sum('fields',
          i) === 0)) return 0;
      return 0.4 + (sum('mail', i) > 0 ? 0.4 : 0) + (has(said.newsletter, lower(i, 1500)) ? 0.35 : 0) - (chars(i) || sum('mail', i) ?
          0 : 0.3);
    });
    outermost('comments', (i) => {
      if (/^(p|textarea|li)$/.test(tag[i]) || near(i, (j) => mark[j].social && chars(j) < 500 && !mark[j].comments) >= 0) return 0;
      const spoken = has(said.comments, lower(i, 300));
      return (has(COUNTER, mark[i].text) ? 0.3 : 0.6) + (spoken ? 0.3 : 0) + (sum('fields', i) > 0 ? 0.2 :
          0) + (attribute(nodes[i], 'id') ? 0.15 : 0) +
        (has(COMMENT_SYSTEM, mark[i].text) ? 0.2 : 0) + (isThread(i) ? 0.3 : 0) -
        (sum('long', i) > 3 && linkShare(i) > 0.4 ? 0.6 : 0) - (chars(i) > 0 && chars(i) < 12 && !spoken ? 0.5 : 0);
    });
    outermost('social', (i) => {
      if (chars(i) > 500 || (sum('long', i) > 4 && sum('social', i) < 3) || tag[i] === 'p' || isQuoted(i)) return 0;
      if (near(i, (j) => has(LOGIN, mark[j].text) && chars(j) < 600) >= 0) return 0;
      const shown = Math.max(sum('social', i), networksNamed(i));
      return 0.35 + Math.min(0.4, 0.2 * shown) + (isBar(i) ? 0.25 : 0) + (has(said.share, lower(i, 200)) ? 0.3 :
          0) + (has(SHARING, mark[i].text) ? 0.25 : 0) +
        (children(i).length >= 2 || sum('items', i) > 1 ? 0.1 : -0.1) - (shown === 0 && sum('links', i) > 1 ? 0.3 : 0);
    });
    outermost('paywall', (i) => (chars(i) < 1500 && has(said.paywall, lower(i, 900)) ? 0.8 : 0));
    outermost('cookie', (i) => (chars(i) < 12000 && chars(i) > 50 && has(said.cookie, lower(i, 1500)) ? 0.9 : 0));
    networks();
    signups();
    headedComments();
    commentCalls();
  };

  const isKnown = (kind, i) => found.some((one) => one.kind === kind && (within(i, one.i) || within(one.i, i)));

  // What stands under a heading that says no more than that there are comments.
  const headedComments = () => {
    for (const i of indices()) {
      if (!/^h[1-6]$/.test(tag[i]) || chars(i) > 40 || near(i, (j) => isChrome(j) || mark[j].social || tag[j] === 'a') >= 0) continue;
      const value = lower(i, 40).replace(/[\s\d():.,·|]+/g, ' ').trim(), hits = value.match(said.comments) || [];
      if (!value || hits.join('').length < value.length * 0.7) continue;
      const box = near(up[i], (j) => chars(j) > chars(i) + 8);
      if (box > 0 && !barred(box) && box !== article && from[i] - from[box] < 20 && chars(box) < 20000 &&
          !isKnown('comments', box)) add('comments', box, 0.75, ['heading']);
    }
  };

  // How many networks the names of an element's parts name: buttons are seldom links.
  const networksNamed = (i) => {
    const names = new Set();
    for (let j = i + 1; j < Math.min(end[i], i + 80); j++) if (mark[j].network) {
      for (const name of mark[j].text.match(NETWORK) || []) names.add(name);
    }
    return names.size;
  };
  // A place that a script of the common share widgets fills.
  const isBar = (i) => chars(i) === 0 && end[i] === i + 1 && has(SHARE_WIDGET, mark[i].text) && !has(BESIDE_BAR, mark[i].text);

  // The part of a box of tools that holds all of the buttons.
  const buttonsIn = (i) => {
    for (let j = i; ;) {
      const all = networksNamed(j), held = all > 1 ? children(j).find((k) => networksNamed(k) === all) : undefined;
      const tools = held !== undefined && children(j).some((k) => k > held && sum('links', k) + sum('items', k) > 0);
      if (!tools || sum('social', held) !== sum('social', j)) return j;
      j = held;
    }
  };

  // A link that leads to comments which are not on the page.
  const commentCalls = () => {
    for (const i of indices()) {
      if (!own[i] || chars(i) > 60 || near(i, (j) => isChrome(j) || mark[j].social) >= 0) continue;
      const value = lower(i, 60), hit = value.match(said.comment_calls);
      if (!hit || hit[0].length < value.length * 0.6) continue;
      const box = labelled(i);
      if (!found.some((one) => one.kind === 'comments' && (within(box, one.i) || within(one.i,
          box)))) add('comments', box, 0.75, ['call to comment']);
    }
  };

  // The innermost element that holds all of the links to networks.
  const holderOf = (i) => {
    for (let j = i; ;) {
      const held = children(j).find((k) => sum('social', k) === sum('social', i));
      if (held === undefined || tag[held] === 'a') return j;
      j = held;
    }
  };

  // Links to several networks that nothing names so.
  const networks = () => {
    const taken = found.filter((one) => one.kind === 'social');
    let skip = -1;
    for (const i of indices()) {
      if (i < skip || sum('social', i) < 2 || barred(i) || holdsTitle(i) || !BLOCKS.has(tag[i]) ||
          taken.some((one) => within(one.i, i) || within(i, one.i))) continue;
      if (sum('social', i) >= sum('links', i) * 0.6 && chars(i) < 300 && chars(i) - sum('link', i) < 60 &&
          !isQuoted(i)) { add('social', completed('social', holderOf(i)), 0.4 + 0.15 * sum('social', i), ['links to networks']); skip = end[i]; }
    }
  };

  const SIGNS_UP = /\bnewsletters?\b|list-manage\.com|\bnieuwsbrief\b/i;
  const signups = () => {
    const isTaken = (i) => found.some((one) => /newsletter|comments/.test(one.kind) && (within(i, one.i) ||
        within(one.i, i)));
    for (const i of indices()) {
      if (tag[i] !== 'form' || sum('mail', i) < 1 || isOtherForm(i) || isTaken(i)) continue;
      let box = i;
      while (up[box] > 0 && chars(up[box]) < 500 && !barred(up[box]) && sum('long', up[box]) < 2 &&
          !has(said.newsletter, lower(box, 500))) box = up[box];
      if (has(said.newsletter, lower(box, 500))) add('newsletter', box, 0.8, ['form']);
      else if (has(SIGNS_UP, attribute(nodes[i], 'action') || '')) add('newsletter', i, 0.75, ['address of a form']);
    }
    for (const i of indices()) {
      if (!isHeading(i) || !(/^h[1-6]$/.test(tag[i]) || mark[i].heading) || !has(said.newsletter, lower(i, 80)) ||
          near(i, (j) => isChrome(j) || tag[j] === 'a') >= 0) continue;
      const box = near(up[i], (j) => sum('fields', j) > 0 || sum('links', j) > 0);
      if (box > 0 && chars(box) < 600 && !barred(box) && sum('long', box) < 3 && !isOtherForm(box) &&
          !isTaken(box)) add('newsletter', box, 0.75, ['heading']);
    }
  };

  // ---- what is said of each -------------------------------------------------------------------------------------

  const whyHidden = (i, box) => {
    const element = tag[i] === '#text' ? nodes[up[i]] : nodes[i];
    if (rectsOf(element).length === 0) return 'not rendered';
    if (box[2] < 1 || box[3] < 1) return 'no size';
    if (!shown(element, { checkVisibilityCSS: true })) return 'hidden';
    if (!shown(element, { checkOpacity: true })) return 'transparent';
    return box[0] + box[2] + scrollX <= 0 || box[1] + box[3] + scrollY <= 0 ? 'off the page' : '';
  };

  const linksIn = (i) => {
    const links = [];
    for (let j = i; j < end[i] && links.length < 100; j++) if (tag[j] === 'a') {
      const url = attribute(nodes[j], 'href');
      if (url) links.push([absolute(url), text(j, 300)]);
    }
    return links;
  };
  const absolute = (url) => { try { return new URL(url.slice(0, 4000), base).href; } catch { return url.slice(0,
      4000); } };

  const picturesIn = (i) => {
    const pictures = [];
    for (let j = i; j < end[i] && pictures.length < 50; j++) if (tag[j] === 'img') {
      const url = attribute(nodes[j], 'src') || attribute(nodes[j], 'data-src');
      if (url && !/^data:/.test(url)) pictures.push([absolute(url), rect(j).slice(2).map(Math.round),
          (attribute(nodes[j], 'alt') || '').slice(0, 300)]);
    }
    return pictures;
  };

  const isFilled = (i) => sum('links', i) > 0 || sum('pics', i) > 0 || (chars(i) > 0 && !isLabel(i));

  const describe = (one) => {
    const { i } = one, box = rect(i);
    const head = one.head >= 0 && within(one.head, i) ? one.head : one.kind === 'copyright' ? -1 : headingOf(i);
    return {
      kind: one.kind, path: pathOf(nodes[i]), start: i, end: end[i], box, hidden: whyHidden(i, box),
      heading: head >= 0 ? text(head, 200) : '', text: text(i), links: linksIn(i), pictures: picturesIn(i),
      rules: [...new Set(one.rules)], score: Math.round(one.score * 100) / 100,
      filled: one.kind === 'ad' ? isFilled(i) : true,
    };
  };

  const framesIn = () => {
    const frames = [];
    for (let i = 0; i < count && frames.length < options.maxFrames; i++) if (tag[i] === 'iframe' ||
        tag[i] === 'frame') {
      const seen = adEvidence(i), [x, y, w, h] = rect(i);
      frames.push({ path: pathOf(nodes[i]), start: i, box: [x, y, w, h], score: Math.round(seen.score * 100) / 100,
          rules: seen.rules, hidden: whyHidden(i, [x, y, w, h]), sized: Boolean(sized(i)) });
    }
    return frames;
  };

  const finders = [findAds, () => findLinkBlocks().forEach((block) => found.push(block)), findNotices, findOthers];
  for (const find of count ? finders : []) {
    // A document nested too deep for our stack, say: what the others find is kept.
    try { find(); } catch (error) { partial = partial || `error: ${error}`.slice(0, 200); }
  }
  if (found.length > 4 * options.maxRegions) { found.length = 4 * options.maxRegions; partial = partial || 'regions'; }
  const ads = found.filter((one) => one.kind === 'ad');
  // Of one kind, the outer one, but for a block of paid links around slots of their own; nothing but notices in an ad;
  // and in a list of teasers no buttons to share each of them.
  const holds = (other, one, kinds) => other !== one && kinds.includes(other.kind) && within(one.i, other.i);
  const isTwice = (one, n) => found.some((other, m) => holds(other, one, [one.kind]) && (other.i !== one.i || m < n));
  const isAround = (one) => one.kind === 'ad' && one.head !== undefined &&
    ads.some((other) => other.head === undefined && other.i > one.i && within(other.i, one.i));
  const isPartOf = (one) => {
    if (one.kind === 'social' && found.some((other) => holds(other, one, ['trending', 'related']))) return true;
    return one.kind !== 'ad' && one.kind !== 'disclaimer' && ads.some((ad) => within(one.i, ad.i));
  };
  const regions = found.filter((one, n) => !isAround(one) && !isTwice(one, n) && !isPartOf(one))
    .sort((one, other) => one.i - other.i).slice(0, options.maxRegions);
  if (found.length > options.maxRegions) partial = partial || 'regions';
  const answer = {
    regions: regions.map(describe), frames: framesIn(), partial, elements: count, chars: length,
    scroll: [scrollX, scrollY], text: whole.slice(0, 4000), pictures: now.pics, links: count ? linksIn(0).slice(0,
        20) : [],
  };
  answer.ms = Math.round(performance.now() - began);
  return answer;
}
