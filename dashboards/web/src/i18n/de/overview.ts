export const overview = {
  "overview.metrics": "Fünf Metriken",
  "overview.teams": "Teams nebeneinander",
  "overview.team": "Team",
  "overview.trend": "Verlauf: {title}",
  "overview.score": "Quick-Check-Wert",
  "overview.throughput": "Durchsatz",
  "overview.stability": "Stabilität",
  "overview.of_ten": "von 10; {group}: {mean}",
  "overview.no_services": "Noch ist kein Service bekannt",
  "overview.no_services_text": "Binden Sie ein Repository, ein CI-System oder ein Werkzeug für Vorfälle an; mit den ersten Ereignissen erscheinen hier Metriken.",
  "overview.no_deployments": "Kein Deployment in Produktion ist bekannt",
  "overview.to_demo": "Demodaten ansehen",
};
