// What is said of each region, and which of those that were found stay.

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
