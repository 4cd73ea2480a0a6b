import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";

/** Tabs. Which one is open belongs to the page, so that it can stand in the address. */
export function Tabs(props: { label: string; open: string; onOpen: (id: string) => void; tabs: { id: string; title: ReactNode; content: ReactNode }[] }) {
  return (
    <AriaTabs className="tabs" selectedKey={props.open} onSelectionChange={(key) => props.onOpen(String(key))}>
      <TabList className="tab-list" aria-label={props.label}>
        {props.tabs.map(({ id, title }) => (
          <Tab key={id} id={id} className="tab">
            {title}
          </Tab>
        ))}
      </TabList>
      {props.tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tab-panel">
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
