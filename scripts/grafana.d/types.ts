// What Grafana reads, as JSON and YAML have it: of an enumeration its values.
import type { Dashboard as GrafanaDashboard, DataQuery, Panel } from "@grafana/schema";
import type * as Bars from "@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen";
import type * as Stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as Table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as Series from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type * as Points from "@grafana/schema/dist/esm/raw/composable/xychart/panelcfg/x/XYChartPanelCfg_types.gen";

type Json<T> = unknown extends T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer N extends number}`
        ? N
        : number
      : T extends boolean | null | undefined
        ? T
        : T extends Array<infer E>
          ? Array<Json<E>>
          : { [K in keyof T]: Json<T[K]> };

/** A dashboard, but for its panels. */
export type Dashboard = Omit<Json<GrafanaDashboard>, "panels">;

/** A panel, but for what depends on its kind. */
export type AnyPanel = Omit<Json<Panel>, "options" | "fieldConfig" | "targets"> & { id: number; title: string };

/** What is set of all columns, but for what depends on the kind of panel. */
type Defaults = Omit<NonNullable<Json<Panel>["fieldConfig"]>["defaults"], "custom" | "links"> & { links?: DataLink[] };

/** A link from a value. */
export interface DataLink {
  title: string;
  url: string;
  targetBlank?: boolean;
}

/** What is set of a column by an override, beside `custom.…`, which is of the kind of panel. */
export interface Overrides {
  displayName: string;
  unit: string;
  decimals: number;
  links: DataLink[];
}

/** What depends on the kind of panel: its options, and what can be set of columns. */
interface Kind<Options, Custom> {
  options: Json<Options>;
  defaults: Defaults & { custom?: Partial<Json<Custom>> };
  custom: Partial<Json<Custom>>;
}

export interface Kinds {
  barchart: Kind<Bars.Options, Bars.FieldConfig>;
  stat: Kind<Stat.Options, Record<string, never>>;
  table: Kind<Table.Options, Table.FieldConfig>;
  timeseries: Kind<Series.Options, Series.FieldConfig>;
  xychart: Kind<Points.Options, Points.FieldConfig>;
}

type Query = Json<Pick<DataQuery, "refId" | "hide">> & { datasource: { type: string; uid: string } };

/** A question in SQL, as the data source of PostgreSQL has it. */
export type SqlQuery = Query & { editorMode: "code"; format: "table" | "time_series"; rawQuery: true; rawSql: string };

/** A question to Prometheus. */
export type PromQuery = Query & {
  editorMode: "code";
  exemplar: boolean;
  expr: string;
  legendFormat: string;
  instant: boolean;
  range: boolean;
};

export interface DatasourceFile {
  apiVersion: 1;
  datasources: Array<{
    name: string;
    uid: string;
    type: "grafana-postgresql-datasource" | "prometheus";
    access: "proxy";
    url: string;
    user?: string;
    jsonData: {
      database?: string;
      sslmode?: string;
      maxOpenConns?: number;
      maxIdleConns?: number;
      connMaxLifetime?: number;
      postgresVersion?: number;
      timescaledb?: boolean;
      httpMethod?: "POST" | "GET";
      timeInterval?: string;
    };
    secureJsonData?: { password: string };
  }>;
}

export interface ProviderFile {
  apiVersion: 1;
  providers: Array<{
    name: string;
    folder: string;
    type: "file";
    allowUiUpdates: boolean;
    updateIntervalSeconds: number;
    options: { path: string };
  }>;
}

type Evaluated = { refId: string; datasourceUid: "__expr__"; model: {
  refId: string;
  type: "threshold";
  expression: string;
  conditions: Array<{ evaluator: { type: "gt" | "lt"; params: number[] } }>;
} };
type Asked = { refId: string; datasourceUid: string; relativeTimeRange: { from: number; to: number }; model: {
  refId: string;
  format: "table";
  rawQuery: true;
  rawSql: string;
} };

export interface AlertFile {
  apiVersion: 1;
  groups: Array<{
    orgId: number;
    name: string;
    folder: string;
    interval: string;
    rules: Array<{
      uid: string;
      title: string;
      condition: string;
      for: string;
      noDataState: "OK" | "NoData" | "Alerting" | "KeepLast";
      execErrState: "OK" | "Error" | "Alerting" | "KeepLast";
      labels: Record<string, string>;
      annotations: Record<string, string>;
      data: [Asked, Evaluated];
    }>;
  }>;
}
