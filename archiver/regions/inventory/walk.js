// One walk through the document: of each element its place in the tree, its text, and what speaks for anything.
// After it, all is reasoned about numbers: i is an element by its number in document order.

const BLOCKS = new Set(('address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure ' +
  'footer form h1 h2 h3 h4 h5 h6 header html li main nav ol p pre section summary table tbody td tfoot th thead tr ul').split(' '));
const UNREAD = new Set('head style template noscript link meta base title'.split(' '));
const SUMS = 'link links long pics plain fields mail secrets frames social foreign items astray again shots'.split(' ');

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
  if (/\.(jpe?g|png|gif|webp|avif)([?#]|$)/i.test(url)) now.shots++;
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

// A text with one link laid over it, which holds none of the text itself. A link to the picture itself only enlarges it.
const isCard = (i) => now.shots === start.shots[i] && now.links - start.links[i] === 1 && now.long === start.long[i] && now.link === start.link[i] &&
  now.social === start.social[i] && now.foreign === start.foreign[i] && to[i] - from[i] >= 20 &&
      to[i] - from[i] <= 260 && linked === 0;

// An item whose headline is no link, but has one after it, to read on.
let lastTitle = -1, titleSize = 0;
const isComment = (i) => { for (let j = i, k = 0; j >= 0 && k < 4; j = up[j], k++) if (mark[j].comments) return true; return false; };
const isTitled = (i) => /^(li|article)$/.test(tag[i]) && lastTitle > i && !isComment(i) && now.links - start.links[i] === 1 && now.long === start.long[i] &&
  now.link > start.link[i] && now.link - start.link[i] < 40 && now.social === start.social[i] && now.foreign === start.foreign[i] &&
  now.shots === start.shots[i] && to[i] - from[i] <= 700 && linked === 0;

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
  const size = to[i] - from[i];
  if (/^h[2-6]$/.test(tag[i]) && now.links === start.links[i] && size > options.longLink) { lastTitle = i; titleSize = size; }
  const more = block && isCard(i) ? size : block && isTitled(i) ? titleSize : 0;
  if (more) { now.long++; now.link += more; for (const sum of ['long', 'link']) stop[sum][i] = now[sum]; }
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
