/** The definitions of metrics. */
export const guide = {
  "guide.all": "All metrics",
  "guide.count": { one: "{n} metric, which opens in Explore", other: "{n} metrics, each of which opens in Explore" },
  "guide.group": "Group",
  "guide.up": "More is better",
  "guide.down": "Less is better",
  "guide.neither": "Neither",
};
