// Lists of links with a heading: trending, related, and blocks of links that somebody paid for.

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

// Beside a heading that is alone in its box, a list that begins with one made the same: the first box was left empty.
const isNextWidget = (i, other) => {
  const head = labelled(i) !== i && sum('long', other) >= 2 ? headingOf(other) : -1;
  return head >= 0 && from[head] === from[other] && sum('links', head) === 0 && tag[head] === tag[i] &&
    /^h[1-6]$/.test(tag[i]) && mark[head] === mark[i];
};

const listAfter = (i) => {
  for (let j = i, k = 0; j > 0 && k < 4 && chars(j) <= chars(i) + 30; j = up[j], k++) {
    for (let other = end[j]; other < end[up[j]]; other = end[other]) {
      if (isNextWidget(i, other)) return -1;
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
        !leadsOneOfSeveral(i) && !isColumn(i) && !isSiteMap(i) && !holdsWidgets(i)) { blocks.push(tightened(i)); return; }
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
  // "More about us" over links to the masthead, the terms and the like.
  else if (isBelow(i) && isSiteMap(i) && sum('pics', i) === 0 && sum('long', i) < sum('links', i) * 0.4) points.related -= 0.6;
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
  const inHeader = near(i, (j) => tag[j] === 'header' && !within(article, j)) >= 0;
  // What the site features in a line at the top of all its pages is a menu, too.
  if (inHeader && (!named || (isMenu && sum('pics', i) === 0))) points.related -= named ? 1 : 0.4;
  if (named) return;
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

// The head of a page, with its menus: most links in it are those of a menu.
const inMenus = (() => {
  const before = new Int32Array(count + 1); // short links in menus before an element
  for (let i = 0, until = 0; i < count; i++) {
    // The page's own body, say, can be named after its menu.
    if (i >= until && isChrome(i) && i > 0 && !barred(i)) until = end[i];
    before[i + 1] = before[i] + (i < until && counted[i] && sum('long', i) + sum('pics', i) === 0 ? 1 : 0);
  }
  return (i) => before[end[i]] - before[i];
})();
const isMasthead = (i) => !isChrome(i) && near(i, isChrome) < 0 && sum('long', i) < 3 &&
  inMenus(i) >= 5 && inMenus(i) > sum('links', i) * 0.5;

// Adverts for jobs, which have titles of their own and lead to no articles.
const JOBS = / (jobs?|job ?list|job ?board|stellenmarkt|stellenangebote?|vacancies|vacatures|offres? emploi) /;
const isJobList = (i) => [i, ...few(i).slice(0, 4)].some((j) => has(JOBS, mark[j].text));

// Share bars, sign-ups, tags and the like that look as if they were lists of articles.
const isUnlikely = (block) => {
  const { i, kind } = block, long = sum('long', i);
  if (sum('social', i) > 1 && long < 2) return true;
  if (sum('mail', i) > 0 && has(said.newsletter, lower(i, 900))) return true;
  if (kind !== 'ad' && isMasthead(i)) return true;
  if (kind !== 'related') return false;
  if (!block.named && isJobList(i)) return true;
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
  const kept = settle([...blocks.values()]);
  return [...kept, ...widgetsLike(kept)];
};

// How a widget is made down to its first headline: its heading, and what lies above the link.
const shapeOf = (i) => {
  const head = chars(i) < 6000 ? headingOf(i) : -1;
  if (head < 0 || from[head] !== from[i] || !/^h[1-6]$/.test(tag[head]) || sum('links', head) > 0) return '';
  for (let j = end[head]; j < end[i]; j++) {
    if (tag[j] !== 'a' || sum('long', j) === 0) continue;
    const parts = [];
    for (let k = j; k > i; k = up[k]) parts.push(`${tag[k]} ${mark[k].text}`);
    // Articles, and no links to pages of other kinds.
    return parts.some((part) => part.startsWith('article ')) ? [`${tag[i]} ${tag[head]} ${mark[head].text}`, ...parts].join('>') : '';
  }
  return '';
};

// Two widgets of one make beside each other are two, however little the one holds.
const holdsWidgets = (i) => {
  const shapes = few(i).map(shapeOf).filter(Boolean);
  return new Set(shapes).size < shapes.length;
};

// Widgets beside one that was found and made like it: they differ in their headings, and in how many articles they hold.
const widgetsLike = (kept) => {
  const shapes = new Map(), taken = (i) => kept.some((block) => within(block.i, i) || within(i, block.i));
  for (const { i, kind } of kept) {
    const shape = kind === 'ad' || up[i] < 0 ? '' : shapeOf(i);
    if (shape) shapes.set(up[i], (shapes.get(up[i]) || new Set()).add(shape));
  }
  const more = [];
  for (const [parent, made] of shapes) for (const i of children(parent)) {
    if (taken(i) || sum('astray', i) > 0 || !made.has(shapeOf(i))) continue;
    const block = { kind: 'related', i, score: 0.7, rules: ['made like another'], head: headingOf(i) };
    if (!isUnlikely(block)) more.push(block);
  }
  return more;
};

// Mostly links, or teasers with a few lines below each.
const isLinky = (i) => linkShare(i) > 0.3 ||
  (sum('long', i) >= 2 && linkShare(i) > 0.12 && chars(i) / sum('long', i) < 400);

const offerHeaded = (i, words, offer) => {
  const linkedHead = sum('links', i), empty = emptyList(i);
  if (empty >= 0 && words.trending + words.related > 0) {
    const kind = words.trending > words.related ? 'trending' : 'related';
    return offer({ kind, i: empty, score: 0.8, rules: ['heading of nothing'], head: i });
  }
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

// The box of a heading and a list of items that have no text yet, and nothing more.
const emptyList = (i) => {
  const box = /^h[1-6]$/.test(tag[i]) && sum('links', i) === 0 ? labelled(i) : i;
  if (box === i || sum('links', box) > 0) return -1;
  const lists = few(box).filter((j) => /^(ul|ol)$/.test(tag[j]) && chars(j) === 0 && few(j).filter((k) => tag[k] === 'li').length > 1);
  return lists.length === 1 ? box : -1;
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
