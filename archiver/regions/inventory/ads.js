// Advertisements: what speaks for them, and which element is the whole of one.

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

// A label, a heading like that of a list, and an empty place: what is to come is paid for.
const isHeadedPlace = (parent, box) => {
  if (from[parent] !== from[box] || sum('links', parent) + sum('pics', parent) + sum('fields', parent) > 0) return false;
  const below = few(parent), head = below.find((j) => j > box && chars(j) > 0);
  if (head === undefined || !/^h[1-6]$/.test(tag[head]) || to[head] !== to[parent]) return false;
  const words = headed(head);
  return words.related + words.trending + words.paid > 0 && below.some((j) => j > head && /^(div|ins|section)$/.test(tag[j]));
};

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
    if (parent > 0 && !weak && isHeadedPlace(parent, box) && !cannotBeAd(parent)) {
      evidence.set(parent, { score: 1, rules: ['label', 'heading of nothing'] });
      continue;
    }
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
