// Plotly's program lies beside the page, shared with others; where it does is in the page's data.

let plotlyLoading = null;

function plotly() {
  plotlyLoading ??= new Promise((resolve, reject) => {
    const onload = () => resolve(window.Plotly);
    document.head.append(element("script", { src: data.plotly, onload, onerror: reject }));
  });
  return plotlyLoading;
}
