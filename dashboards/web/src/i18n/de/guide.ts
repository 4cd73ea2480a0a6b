/** Die Definitionen der Metriken. */
export const guide = {
  "guide.all": "Alle Metriken",
  "guide.count": { one: "{n} Metrik, die sich in Erkunden öffnet", other: "{n} Metriken, von denen sich jede in Erkunden öffnet" },
  "guide.group": "Gruppe",
  "guide.up": "Mehr ist besser",
  "guide.down": "Weniger ist besser",
  "guide.neither": "Weder noch",
};
