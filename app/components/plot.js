// Draws a Plotly figure, and draws new data into the chart that is there: what `uirevision` names,
// zoom and hidden lines, stays. Plotly itself is the file of the Python package, from this server.
const WAITING = "__aineonPlotly";

function library(source) {
  window[WAITING] ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => done(window.Plotly);
    script.onerror = () => {
      delete window[WAITING];
      failed(new Error("the chart library could not be loaded"));
    };
    document.head.append(script);
  });
  return window[WAITING];
}

function dressed(layout, element) {
  const style = getComputedStyle(element);
  const of = (name, other) => style.getPropertyValue(name).trim() || other;
  const text = of("--st-text-color", "#73879c");
  const line = of("--st-border-color-light", "rgba(115,135,156,.25)");
  const axis = (given) => ({ gridcolor: line, linecolor: line, automargin: true, ...given });
  return {
    ...layout,
    font: { family: of("--st-font", "sans-serif"), color: text, size: 13, ...layout.font },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: of("--st-secondary-background-color", "#fff"), font: { color: text } },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
  };
}

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".aineon-chart");
  place.setAttribute("aria-label", data.alt);
  const { data: traces, layout } = JSON.parse(data.figure);
  place.style.minHeight = `${layout.height}px`;
  // On a phone the buttons would lie over the legend, and fingers do what they are for.
  const narrow = window.matchMedia("(max-width: 640px)").matches;
  const config = {
    displaylogo: false,
    responsive: true,
    displayModeBar: narrow ? false : "hover",
  };
  library(data.source).then(
    (plotly) => plotly.react(place, traces, dressed(layout, parentElement), config),
    (error) => {
      place.textContent = `This chart could not be drawn: ${error.message}.`;
    },
  );
}
