// Small helpers. Every page works without this file; nothing here decides anything.
(() => {
  "use strict";
  const FONT =
    '-apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
  const COLOURS = ["#17508f", "#4f8fca", "#2b7a78", "#b7791f", "#8a5aa8", "#a8443c"];

  // Questions before acts that are easy to undo; what cannot be undone has a page of its own.
  function askFirst(event) {
    const form = event.target;
    const dialog = document.getElementById("confirm");
    const text = form.dataset ? form.dataset.confirm : undefined;
    if (!text || !dialog || form.dataset.confirmed === "yes") return;
    event.preventDefault();
    const button = event.submitter;
    dialog.querySelector("p").textContent = text;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(button || undefined);
    };
    dialog.showModal();
  }

  // One press, one request.
  function onlyOnce(event) {
    if (event.defaultPrevented) return;
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.classList.add("is-busy");
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details.ydt-drop[open]")) {
      if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
        menu.open = false;
      }
    }
  }

  function withStyle(option) {
    const base = { color: COLOURS, textStyle: { fontFamily: FONT }, animationDuration: 300 };
    const made = Object.assign(base, option);
    // HTML tooltips need inline styles, which the content security policy blocks.
    made.tooltip = Object.assign({ trigger: "axis" }, option.tooltip, { renderMode: "richText" });
    made.aria = { enabled: true };
    return made;
  }

  function drawCharts(root) {
    if (!window.echarts) return;
    for (const box of root.querySelectorAll("[data-chart]")) {
      const data = document.getElementById(box.dataset.chart);
      if (!data) continue;
      const chart = window.echarts.getInstanceByDom(box) || window.echarts.init(box);
      chart.setOption(withStyle(JSON.parse(data.textContent)));
      if (box.dataset.watched) continue;
      box.dataset.watched = "yes";
      new ResizeObserver(() => chart.resize()).observe(box);
    }
  }

  document.addEventListener("submit", askFirst);
  document.addEventListener("submit", onlyOnce);
  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", closeMenus);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) window.print();
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
      for (const button of form.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    drawCharts(document);
    const problem = document.getElementById("form-problem");
    if (problem) problem.focus();
  });
  document.addEventListener("htmx:afterSettle", (event) => drawCharts(event.target));
  // A refusal has its own words: show them in #problems (the answer says so by HX-Retarget).
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status < 400) return;
    event.detail.shouldSwap = Boolean(event.detail.xhr.getResponseHeader("HX-Retarget"));
    event.detail.isError = false;
  });
})();
