import { useState, type ReactNode } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined, useList, useRest } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Empty, Loaded, Notice, Problem, Sentence, Skeleton, Table, type Column } from "../../ui";
import { MAPPING, NO_SERVICE, NO_TEAM, type Changed, type MappedService, type MappedTeam } from "./mapping-data";
import { ServiceEditor } from "./service-editor";
import { TeamEditor } from "./team-editor";

type Edited = { what: "service"; service: MappedService; isNew: boolean } | { what: "team"; team: MappedTeam; isNew: boolean };

/** What belongs where: services with their repositories and team, teams with their members, and what belongs to nothing. */
export function Mapping() {
  const { tenant } = useFilter();
  const services = useList("/api/v1/mapping/services", defined({ tenant }) as never, { limit: 200 });
  const teams = useList("/api/v1/mapping/teams", defined({ tenant }) as never, { limit: 200 });
  const [edited, setEdited] = useState<Edited>();
  const [changed, setChanged] = useState<Changed>();
  const [isUndone, setUndone] = useState(false);
  const finish = (change: Changed) => {
    setUndone(false);
    setChanged(change);
  };
  const names = (teams.rows ?? []).map(({ name }) => name);
  const service = (name: string, mapping = NO_SERVICE) => {
    const known = services.rows?.find((one) => one.name === name);
    setEdited({ what: "service", service: known ?? { name, in_settings: false, mapping }, isNew: known === undefined });
  };
  return (
    <div className="stack">
      {changed !== undefined && (
        <Notice tone="good" onClose={() => setChanged(undefined)} action={!isUndone && <Undo changed={changed} onDone={() => setUndone(true)} />}>
          {isUndone ? t("people.undone") : changed.text}
        </Notice>
      )}
      <Unmapped onService={service} />
      <ServiceList list={services} onEdit={(one) => setEdited({ what: "service", service: one, isNew: false })} onNew={() => service("")} />
      <TeamList list={teams} services={services.rows ?? []} onEdit={(team) => setEdited({ what: "team", team, isNew: false })} onNew={() => setEdited({ what: "team", team: { name: "", in_settings: false, mapping: NO_TEAM }, isNew: true })} />
      {edited?.what === "service" && <ServiceEditor service={edited.service} isNew={edited.isNew} teams={names} onClose={() => setEdited(undefined)} onDone={finish} />}
      {edited?.what === "team" && <TeamEditor team={edited.team} isNew={edited.isNew} teams={names} onClose={() => setEdited(undefined)} onDone={finish} />}
    </div>
  );
}

/** Puts back what was there before a change. */
function Undo({ changed, onDone }: { changed: Changed; onDone: () => void }) {
  const { tenant } = useFilter();
  const { name, what, before } = changed;
  const params = { path: { name }, query: defined({ tenant }) };
  const put = (): Promise<unknown> => {
    if (what === "service") return answered(before === null ? rest.DELETE("/api/v1/mapping/services/{name}", { params }) : rest.PUT("/api/v1/mapping/services/{name}", { params, body: before as never }));
    return answered(before === null ? rest.DELETE("/api/v1/mapping/teams/{name}", { params }) : rest.PUT("/api/v1/mapping/teams/{name}", { params, body: before as never }));
  };
  const undo = useWrite(put, MAPPING);
  return (
    <>
      {undo.error !== null && <span role="alert" className="list-failed">{undo.error.message}</span>}
      <Button kind="quiet" isDisabled={undo.isPending} onPress={() => undo.mutate(undefined, { onSuccess: onDone })}>
        {t("people.undo")}
      </Button>
    </>
  );
}

function Unmapped({ onService }: { onService: (name: string, mapping?: typeof NO_SERVICE) => void }) {
  const { tenant } = useFilter();
  const unmapped = useRest("/api/v1/mapping/unmapped", defined({ tenant }) as never);
  return (
    <Card title={t("mapping.unmapped")} note={t("mapping.unmapped_note")}>
      <Loaded query={unmapped} skeleton={<Skeleton height={80} />}>
        {({ data: { repositories, services, projects, incidents } }) => {
          // a repository without a service of its own is one by its own name
          const unowned = services.filter((name) => !repositories.includes(name));
          if (repositories.length + unowned.length + projects.length + incidents.length === 0) return <Empty icon="check" title={t("mapping.all_mapped")}>{t("mapping.all_mapped_text")}</Empty>;
          return (
            <div className="stack">
              <Group title={t("mapping.repositories", { n: repositories.length })} note={t("mapping.repositories_note")} names={repositories}>
                {(name) => (
                  <Button onPress={() => onService(name.split("/").at(-1) ?? name, { ...NO_SERVICE, repositories: [name] })} aria-label={t("mapping.declare_one", { name })}>
                    {t("mapping.declare")}
                  </Button>
                )}
              </Group>
              <Group title={t("mapping.services", { n: unowned.length })} names={unowned}>
                {(name) => (
                  <Button onPress={() => onService(name)} aria-label={t("mapping.give_team_one", { name })}>
                    {t("mapping.give_team")}
                  </Button>
                )}
              </Group>
              <Group title={t("mapping.unmapped_projects", { n: projects.length })} note={t("mapping.unmapped_projects_note")} names={projects}>
                {() => null}
              </Group>
              <Incidents incidents={incidents} />
            </div>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Group({ title, note, names, children }: { title: string; note?: string; names: string[]; children: (name: string) => ReactNode }) {
  if (names.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      {note !== undefined && <p className="note">{note}</p>}
      <ul className="unmapped">
        {names.map((name) => (
          <li key={name}>
            <span>{name}</span>
            {children(name)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Incidents({ incidents }: { incidents: { subject: string; detail: string; remedy: string }[] }) {
  if (incidents.length === 0) return null;
  return (
    <section>
      <h3>{t("mapping.incidents", { n: incidents.length })}</h3>
      <ul className="unmapped">
        {incidents.map(({ subject, detail, remedy }) => (
          <li key={subject}>
            <span>
              <strong>{subject}</strong> <Sentence text={detail} />
              <br />
              <span className="note"><Sentence text={remedy} /></span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ListState<Row> {
  rows: Row[] | undefined;
  error: unknown;
  refetch: () => Promise<unknown>;
  hasNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

function ServiceList({ list, onEdit, onNew }: { list: ListState<MappedService>; onEdit: (service: MappedService) => void; onNew: () => void }) {
  const columns: Column<MappedService>[] = [
    { id: "name", head: t("lists.service"), value: ({ name }) => name, cell: ({ name, in_settings }) => <Name name={name} isInSettings={in_settings} /> },
    { id: "team", head: t("page.team"), value: ({ mapping: { team } }) => team, cell: ({ mapping: { team } }) => team ?? <Badge tone="warn">{t("mapping.no_team")}</Badge> },
    { id: "repositories", head: t("mapping.its_repositories"), value: ({ mapping }) => (mapping.repositories ?? []).join(" "), cell: ({ mapping }) => <div className="accounts">{(mapping.repositories ?? []).map((one) => <span key={one}>{one}</span>)}</div> },
    { id: "edit", head: <span className="visually-hidden">{t("mapping.edit")}</span>, align: "end", cell: (one) => <Button kind="quiet" onPress={() => onEdit(one)} aria-label={t("mapping.edit_one", { name: one.name })}>{t(one.in_settings ? "mapping.look" : "mapping.edit")}</Button> },
  ];
  return <MappedList title={t("lists.services")} action={t("mapping.new_service")} list={list} columns={columns} onNew={onNew} />;
}

function TeamList({ list, services, onEdit, onNew }: { list: ListState<MappedTeam>; services: MappedService[]; onEdit: (team: MappedTeam) => void; onNew: () => void }) {
  const columns: Column<MappedTeam>[] = [
    { id: "name", head: t("page.team"), value: ({ name }) => name, cell: ({ name, in_settings }) => <Name name={name} isInSettings={in_settings} /> },
    { id: "parent", head: t("mapping.parent"), isMinor: true, value: ({ mapping: { parent } }) => parent, cell: ({ mapping: { parent } }) => parent ?? <span className="note">–</span> },
    { id: "services", head: t("lists.services"), value: ({ name }) => owned(services, name).join(" "), cell: ({ name }) => <div className="accounts">{owned(services, name).join(", ")}</div> },
    { id: "projects", head: t("mapping.projects"), isMinor: true, value: ({ mapping }) => (mapping.projects ?? []).join(" "), cell: ({ mapping }) => (mapping.projects ?? []).join(", ") },
    { id: "members", head: t("mapping.members"), align: "end", value: ({ mapping }) => (mapping.members ?? []).length, cell: ({ mapping }) => (mapping.members ?? []).length },
    { id: "edit", head: <span className="visually-hidden">{t("mapping.edit")}</span>, align: "end", cell: (one) => <Button kind="quiet" onPress={() => onEdit(one)} aria-label={t("mapping.edit_one", { name: one.name })}>{t(one.in_settings ? "mapping.look" : "mapping.edit")}</Button> },
  ];
  return <MappedList title={t("page.teams")} action={t("mapping.new_team")} list={list} columns={columns} onNew={onNew} />;
}

function owned(services: MappedService[], team: string): string[] {
  return services.flatMap(({ name, mapping }) => (mapping.team === team ? [name] : []));
}

function Name({ name, isInSettings }: { name: string; isInSettings: boolean }) {
  return (
    <div className="admin-name">
      <strong>{name}</strong>
      {isInSettings && <span><Badge tone="info">{t("mapping.in_settings")}</Badge></span>}
    </div>
  );
}

function MappedList<Row extends { name: string }>({ title, action, list, columns, onNew }: { title: string; action: string; list: ListState<Row>; columns: Column<Row>[]; onNew: () => void }) {
  const { rows, error, refetch, hasNextPage, fetchNextPage } = list;
  return (
    <Card flush title={title} actions={<Button icon="plus" onPress={onNew}>{action}</Button>}>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {rows === undefined && error === null && <div className="list-skeleton"><Skeleton height={160} /></div>}
      {rows !== undefined && <Table title={title} columns={columns} rows={rows} rowKey={({ name }) => name} sort={{ id: "name" }} canExport={false} empty={t("mapping.none")} footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()}>{t("ui.load_more")}</Button></div>} />}
    </Card>
  );
}
