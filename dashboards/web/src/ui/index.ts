// What pages use of the design system.
export { Badge, LevelBadge, type Tone } from "./badge";
export { Button, IconButton } from "./button";
export { Card, PageHead } from "./card";
export { Segments, Select } from "./choice";
export { Dialog, Drawer } from "./dialog";
export { ExternalLink } from "./external-link";
export { Icon, type IconName } from "./icon";
export { Menu, MenuGroup, MenuItem, MenuLine } from "./menu";
export { MetricInfo, Sentence, type Explained } from "./metric-info";
export { SourceLink } from "./source-link";
export { Delta, Stat, Value } from "./stat";
export { Empty, Loaded, Problem, Skeleton } from "./state";
export type { Column } from "./sort";
export { Table } from "./table";
export { Tabs } from "./tabs";
export { Moment } from "./moment";
export { Tooltip } from "./tooltip";
