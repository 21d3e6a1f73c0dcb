// Cards of the list: made as they come near the screen.
"use strict";

(() => {
  const AT_ONCE = 60;
  let entries = [];
  let make = null;
  let made = 0;

  const append = () => {
    document.getElementById("list").append(...entries.slice(made, made + AT_ONCE).map(make));
    made = Math.min(made + AT_ONCE, entries.length);
  };

  const watch = () => {
    const more = document.getElementById("more");
    near.unobserve(more); // observed anew, it fires again if it is still near the screen
    near.observe(more);
  };

  const near = new IntersectionObserver((seen) => {
    if (made < entries.length && seen.some((one) => one.isIntersecting)) {
      append();
      watch();
    }
  }, { rootMargin: "1500px" });

  gallery.scroller = {
    /** Shows these entries from the first on; `make` makes the card of one. */
    show(shown, maker) {
      [entries, make, made] = [shown, maker, 0];
      document.getElementById("list").replaceChildren();
      append();
      watch();
    },

    /** Takes entries that continue those that are shown, or else begins again. */
    grow(shown, maker) {
      if (make !== maker || entries.slice(0, made).some((entry, number) => entry !== shown[number])) {
        gallery.scroller.show(shown, maker);
        return;
      }
      entries = shown;
      watch();
    },
  };
})();
