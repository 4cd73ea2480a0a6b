import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

interface Option<Value extends string> {
  value: Value;
  text: string;
}

/** A choice of one among few, all of them visible. */
export function Segments<Value extends string>(props: { label: string; value: Value; options: Option<Value>[]; onChange: (value: Value) => void }) {
  return (
    <ToggleButtonGroup
      className="segments"
      aria-label={props.label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[props.value]}
      onSelectionChange={([value]) => value !== undefined && props.onChange(value as Value)}
    >
      {props.options.map(({ value, text }) => (
        <ToggleButton key={value} id={value}>
          {text}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Options, in groups where there are several. */
  groups: { label?: string; options: Option<string>[] }[];
  /** Without the label above it; it is still named. */
  isCompact?: boolean;
}

/** A choice of one among many: the control of the browser, which a phone shows in its own way. */
export function Select({ label, value, onChange, groups, isCompact = false }: SelectProps) {
  return (
    <label className={`field ${isCompact ? "field-compact" : ""}`}>
      <span className={isCompact ? "visually-hidden" : "field-label"}>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {groups.map(({ label: group, options }) => {
          const items = options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ));
          return group === undefined ? items : <optgroup key={group} label={group}>{items}</optgroup>;
        })}
      </select>
    </label>
  );
}
