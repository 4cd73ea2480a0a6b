import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useSetFilter } from "../../data/filter";
import { useTenants } from "../../data/queries";
import type { Row } from "sei-client";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Confirm, Loaded, Notice, Table, TextField, type Column } from "../../ui";

type Tenant = Row<"/api/v1/tenants">;
const TENANTS = /^\/api\/v1\/(tenants|me)/;

/** The tenants: separate parts of the database. */
export function Tenants() {
  const tenants = useTenants();
  const setFilter = useSetFilter();
  const [isNew, setNew] = useState(false);
  const [dropping, setDropping] = useState<string>();
  const [done, setDone] = useState<string>();
  const columns: Column<Tenant>[] = [
    { id: "name", head: t("shell.tenant"), value: ({ name }) => name, cell: ({ name, demo }) => <span className="row"><strong>{name}</strong> {demo && <Badge tone="info">{t("shell.demo")}</Badge>}</span> },
    { id: "open", head: <span className="visually-hidden">{t("tenants.open")}</span>, align: "end", cell: ({ name }) => <Button kind="quiet" onPress={() => setFilter({ tenant: name, team: undefined, service: undefined })}>{t("tenants.open")}</Button> },
    { id: "drop", head: <span className="visually-hidden">{t("tenants.drop")}</span>, align: "end", cell: ({ name }) => name !== "main" && <Button kind="quiet" onPress={() => setDropping(name)} aria-label={t("tenants.drop_one", { name })}>{t("tenants.drop")}</Button> },
  ];
  return (
    <div className="stack">
      {done !== undefined && <Notice tone="good" onClose={() => setDone(undefined)}>{done}</Notice>}
      <Card flush title={t("admin.tenants")} note={t("tenants.note")} actions={<Button kind="primary" icon="plus" onPress={() => setNew(true)}>{t("tenants.new")}</Button>}>
        <Loaded query={tenants}>{({ data }) => <Table title={t("admin.tenants")} columns={columns} rows={data} rowKey={({ name }) => name} canExport={false} />}</Loaded>
      </Card>
      {isNew && <Create onClose={() => setNew(false)} onDone={setDone} />}
      {dropping !== undefined && <Drop name={dropping} onClose={() => setDropping(undefined)} onDone={setDone} />}
    </div>
  );
}

function Create({ onClose, onDone }: { onClose: () => void; onDone: (text: string) => void }) {
  const [name, setName] = useState("");
  const create = useWrite(() => answered(rest.POST("/api/v1/tenants", { body: { name: name.trim() } })), TENANTS);
  const confirm = () =>
    create.mutate(undefined, {
      onSuccess: () => {
        onDone(t("tenants.created", { name: name.trim() }));
        onClose();
      },
    });
  return (
    <Confirm title={t("tenants.new")} isOpen onClose={onClose} onConfirm={confirm} confirm={t("tenants.create")} isPending={create.isPending} isDisabled={name.trim() === ""} error={create.error}>
      <TextField label={t("tenants.name")} value={name} onChange={setName} maxLength={40} note={t("tenants.name_note")} isRequired />
    </Confirm>
  );
}

function Drop({ name, onClose, onDone }: { name: string; onClose: () => void; onDone: (text: string) => void }) {
  const [typed, setTyped] = useState("");
  const drop = useWrite(() => answered(rest.DELETE("/api/v1/tenants/{name}", { params: { path: { name }, query: { confirm: name } } })), TENANTS);
  const confirm = () =>
    drop.mutate(undefined, {
      onSuccess: () => {
        onDone(t("tenants.dropped", { name }));
        onClose();
      },
    });
  return (
    <Confirm title={t("tenants.drop_title", { name })} isOpen isDanger onClose={onClose} onConfirm={confirm} confirm={t("tenants.drop")} isPending={drop.isPending} isDisabled={typed !== name} error={drop.error}>
      <Notice tone="bad">{t("tenants.drop_text")}</Notice>
      <TextField label={t("tenants.type_name", { name })} value={typed} onChange={setTyped} isRequired />
    </Confirm>
  );
}
