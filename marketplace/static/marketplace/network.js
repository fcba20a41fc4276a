/* Zones as circles on a bare ground: no tiles, no request to anybody. */
(() => {
  const place = document.getElementById("network-map");
  const circles = JSON.parse(document.getElementById("network-circles").textContent);
  const map = L.map(place, { attributionControl: false, zoomControl: false, scrollWheelZoom: false });
  L.control.zoom({ zoomInTitle: place.dataset.zoomIn, zoomOutTitle: place.dataset.zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  for (const circle of circles) {
    const words = document.createElement("span");
    const name = document.createElement("b");
    name.textContent = circle.name;
    words.append(name, document.createElement("br"), circle.text);
    L.circleMarker(circle.at, { radius: circle.radius, className: `dj-${circle.tone}` }).bindTooltip(words).addTo(map);
  }
  if (circles.length) {
    // Where something was asked for; a quarter far outside must not make the others small.
    const asked = circles.filter((circle) => circle.tone !== "quiet");
    map.fitBounds((asked.length ? asked : circles).map((circle) => circle.at), { padding: [24, 24], maxZoom: 14 });
  } else {
    map.setView([4.05, 9.7], 12);
  }
})();
