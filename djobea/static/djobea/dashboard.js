// The dashboard renews itself by htmx; its chart stays, and takes the new figures here.
document.addEventListener("htmx:afterSettle", () => {
  const canvas = document.querySelector("#hours canvas");
  const news = document.getElementById("hours-news");
  const chart = canvas && window.Chart && window.Chart.getChart(canvas);
  if (!chart || !news || news.value === canvas.dataset.value) return;
  canvas.dataset.value = news.value;
  chart.data = JSON.parse(news.value);
  chart.update("none");
});
