// A large view of the basins of attraction at one learning rate, which a slider chooses.
"use strict";

(() => {
  function setUp(basins) {
    const { tile, gap } = basins.dataset;
    const rates = basins.dataset.rates.split("|");
    const player = basins.querySelector(".basin-player");
    const slider = player.querySelector("input");
    const output = player.querySelector("output");
    const pictures = [...basins.querySelectorAll(".basin-table td > *")];
    const pitch = Number(tile) + Number(gap);
    const width = rates.length * pitch - Number(gap);
    const copies = [...player.querySelectorAll(".basin-crop")].map((crop, row) => {
      const copy = pictures[row].cloneNode(true);
      copy.removeAttribute("loading");
      copy.style.width = `${(100 * width) / Number(tile)}%`;
      crop.append(copy);
      return copy;
    });

    function show() {
      const place = Number(slider.value);
      for (const copy of copies) {
        copy.style.transform = `translateX(${(-100 * place * pitch) / width}%)`;
      }
      output.textContent = rates[place];
      slider.setAttribute("aria-valuetext", rates[place]);
    }

    slider.addEventListener("input", show);
    show();
    player.hidden = false;
  }

  document.querySelectorAll(".basins").forEach(setUp);
})();
