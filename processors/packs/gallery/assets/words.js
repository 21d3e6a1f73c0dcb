// The page's own words, the choice of language, and how numbers are written.
"use strict";

/** The page's phrases by language, as data/words.js has them. */
gallery.words = () => gallery.data.words;

/** One of the page's own phrases. */
gallery.t = (name, ...values) => {
  const phrase = gallery.words()[gallery.language][name];
  return typeof phrase === "string" ? phrase.replace(/\{(\d)\}/g, (_, number) => values[number]) : phrase;
};

/** The same phrase where it differs by medium: sounds are recorded, pictures taken. */
gallery.tm = (name, medium) => gallery.t(`${name}_${medium}`) ?? gallery.t(name);

/** A mission's title. */
gallery.mission = (name) => gallery.plain(gallery.data.index.missions[name]) ?? name;

/** What a processor makes, in words. */
gallery.label = (processor) => gallery.words()[gallery.language].labels[processor] ?? processor;

/** The language to show a text in: the reader's, else English, else any that it is in; null where it is empty. */
const languageOf = (text) => [gallery.language, "en", ...Object.keys(text ?? {})].find((code) => text?.[code]) ?? null;

/** A text that the release gives in some languages: an element with the language that it is in. */
gallery.said = (tag, text, otherwise = null) => {
  const used = languageOf(text);
  if (used === null) return gallery.h(tag, {}, otherwise ?? "");
  return gallery.h(tag, { lang: gallery.words()[used]?.tag ?? used }, text[used]);
};

gallery.plain = (text) => text?.[languageOf(text)] ?? null;
gallery.number = (value, most = 3) => new Intl.NumberFormat(gallery.language, { maximumFractionDigits: most }).format(value);
gallery.seconds = (value) => `${value.toFixed(6).replace(/0{1,3}$/, "")} s`;
gallery.bytes = (value) => (value < 1e6 ? `${gallery.number(value / 1e3, 1)} kB` : `${gallery.number(value / 1e6, 1)} MB`);

gallery.clock = (value) => {
  const whole = Math.round(value);
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
};

/** Takes the remembered language, else the browser's, of those that the page has. */
gallery.chooseLanguage = (asked) => {
  const has = gallery.data.index.languages;
  let kept = null;
  try {
    kept = localStorage.getItem("marsmedia-language");
    if (asked) localStorage.setItem("marsmedia-language", asked);
  } catch { /* a browser that keeps nothing for pages from a disk: the choice holds until it is closed */ }
  const wished = [asked, kept, ...navigator.languages.map((name) => name.split("-")[0])];
  gallery.language = wished.find((name) => has.includes(name)) ?? has[0];
  document.documentElement.lang = gallery.t("tag");
};
