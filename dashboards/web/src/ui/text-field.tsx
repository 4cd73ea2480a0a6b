import { useId, type ReactNode } from "react";
import "./forms.css";

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Below the field: what belongs there. */
  note?: ReactNode;
  placeholder?: string;
  isRequired?: boolean;
}

interface TextFieldProps extends FieldProps {
  type?: "text" | "password" | "url" | "number" | "date";
  autoComplete?: string;
  maxLength?: number;
  min?: number | string;
  max?: number | string;
  /** Values to choose from, beside any other. */
  suggestions?: string[];
}

/** A line of text with its label. */
export function TextField({ label, value, onChange, note, placeholder, isRequired = false, type = "text", autoComplete = "off", maxLength = 500, min, max, suggestions }: TextFieldProps) {
  const id = useId();
  return (
    <div className="field text-field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type={type}
        value={value}
        placeholder={placeholder}
        required={isRequired}
        autoComplete={autoComplete}
        maxLength={maxLength}
        min={min}
        max={max}
        list={suggestions === undefined ? undefined : `${id}-list`}
        spellCheck={false}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      {suggestions !== undefined && (
        <datalist id={`${id}-list`}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
      {note !== undefined && (
        <p className="note" id={`${id}-note`}>
          {note}
        </p>
      )}
    </div>
  );
}

/** Several lines of text with their label, one thing on each. */
export function LinesField({ label, value, onChange, note, placeholder, isRequired = false, rows = 3 }: FieldProps & { rows?: number }) {
  const id = useId();
  return (
    <div className="field text-field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <textarea id={id} rows={rows} value={value} placeholder={placeholder} required={isRequired} spellCheck={false} aria-describedby={note === undefined ? undefined : `${id}-note`} onChange={(event) => onChange(event.target.value)} />
      {note !== undefined && (
        <p className="note" id={`${id}-note`}>
          {note}
        </p>
      )}
    </div>
  );
}

/** A choice of yes or no. */
export function CheckField({ label, isChecked, onChange, isDisabled = false }: { label: ReactNode; isChecked: boolean; onChange: (isChecked: boolean) => void; isDisabled?: boolean }) {
  return (
    <label className="check-field">
      <input type="checkbox" checked={isChecked} disabled={isDisabled} onChange={(event) => onChange(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text.split(/[\n,]/).flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}
