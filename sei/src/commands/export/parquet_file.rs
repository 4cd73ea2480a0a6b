//! Rows into a Parquet file, a group of rows at a time. Every column may be null.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::mem::take;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use store::tables::{CellKind, CellValue, Table};

/// Rows that are held before they are written.
const ROWS: usize = 100_000;

/// A file that is being written.
pub(super) struct ParquetFile<W: Write + Send = BufWriter<File>> {
    writer: SerializedFileWriter<W>,
    columns: Vec<HeldColumn>,
    held: usize,
    rows: u64,
}

/// The values of a column that are held, and for each row whether it has one (levels, as the format says).
struct HeldColumn {
    values: Values,
    defined: Vec<i16>,
    repeated: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Texts(Vec<ByteArray>),
}

/// The schema of a table in the format's own language.
fn schema(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| {
        let name = &column.name;
        match column.kind {
            CellKind::Text => format!("optional binary {name} (STRING);"),
            CellKind::Int => format!("optional int64 {name};"),
            CellKind::Float => format!("optional double {name};"),
            CellKind::Bool => format!("optional boolean {name};"),
            CellKind::Time => format!("optional int64 {name} (TIMESTAMP(MICROS,true));"),
            CellKind::Texts => {
                format!(
                    "optional group {name} (LIST) {{ repeated group list {{ required binary element (STRING); }} }}"
                )
            }
        }
    });
    format!("message {} {{ {} }}", table.name, columns.collect::<Vec<_>>().join(" "))
}

impl<W: Write + Send> ParquetFile<W> {
    /// A file for the rows of a table.
    pub fn new(table: &Table, out: W) -> Result<Self> {
        let schema = Arc::new(parse_message_type(&schema(table))?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let columns = table.columns.iter().map(|column| HeldColumn {
            values: match column.kind {
                CellKind::Text => Values::Text(Vec::new()),
                CellKind::Int | CellKind::Time => Values::Int(Vec::new()),
                CellKind::Float => Values::Float(Vec::new()),
                CellKind::Bool => Values::Bool(Vec::new()),
                CellKind::Texts => Values::Texts(Vec::new()),
            },
            defined: Vec::new(),
            repeated: Vec::new(),
        });
        Ok(Self {
            writer: SerializedFileWriter::new(out, schema, Arc::new(properties))?,
            columns: columns.collect(),
            held: 0,
            rows: 0,
        })
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<CellValue>) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
        self.held += 1;
        self.rows += 1;
        if self.held >= ROWS { self.flush() } else { Ok(()) }
    }

    /// Writes what is left, and the end of the file. Returns how many rows it has.
    pub fn finish(mut self) -> Result<u64> {
        if self.held > 0 {
            self.flush()?;
        }
        self.writer.finish()?;
        Ok(self.rows)
    }

    fn flush(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        self.held = 0;
        Ok(())
    }
}

impl HeldColumn {
    fn push(&mut self, value: CellValue) {
        match (&mut self.values, value) {
            (Values::Text(all), CellValue::Text(value)) => {
                self.defined.push(i16::from(value.is_some()));
                all.extend(value.map(|text| ByteArray::from(text.into_bytes())));
            }
            (Values::Int(all), CellValue::Int(value) | CellValue::Time(value)) => {
                self.defined.push(i16::from(value.is_some()));
                all.extend(value);
            }
            (Values::Float(all), CellValue::Float(value)) => {
                self.defined.push(i16::from(value.is_some()));
                all.extend(value);
            }
            (Values::Bool(all), CellValue::Bool(value)) => {
                self.defined.push(i16::from(value.is_some()));
                all.extend(value);
            }
            (Values::Texts(all), CellValue::Texts(value)) => match value {
                // no list, an empty list, and an element of one have levels of their own
                None => self.levels(0, 0),
                Some(texts) if texts.is_empty() => self.levels(1, 0),
                Some(texts) => {
                    for (nth, text) in texts.into_iter().enumerate() {
                        all.push(ByteArray::from(text.into_bytes()));
                        self.defined.push(2);
                        self.repeated.push(i16::from(nth > 0));
                    }
                }
            },
            // a column gives values of its own kind only
            _ => {}
        }
    }

    fn levels(&mut self, defined: i16, repeated: i16) {
        self.defined.push(defined);
        self.repeated.push(repeated);
    }

    fn write<W: Write + Send>(&mut self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        let (defined, repeated) = (take(&mut self.defined), take(&mut self.repeated));
        match &mut self.values {
            Values::Text(all) => write::<ByteArrayType, W>(group, &take(all), &defined, None),
            Values::Int(all) => write::<Int64Type, W>(group, &take(all), &defined, None),
            Values::Float(all) => write::<DoubleType, W>(group, &take(all), &defined, None),
            Values::Bool(all) => write::<BoolType, W>(group, &take(all), &defined, None),
            Values::Texts(all) => write::<ByteArrayType, W>(group, &take(all), &defined, Some(&repeated)),
        }
    }
}

fn write<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    defined: &[i16],
    repeated: Option<&[i16]>,
) -> Result<()> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, Some(defined), repeated)?;
        column.close()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, ListAccessor, Row, RowAccessor};
    use store::tables::TableColumn;

    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let kinds = [
            ("text", CellKind::Text),
            ("int", CellKind::Int),
            ("float", CellKind::Float),
            ("bool", CellKind::Bool),
            ("time", CellKind::Time),
            ("texts", CellKind::Texts),
        ];
        let columns = kinds.map(|(name, kind)| TableColumn::new(name, kind)).to_vec();
        let table = Table { name: "things", columns };
        let full = vec![
            CellValue::Text(Some("a".into())),
            CellValue::Int(Some(7)),
            CellValue::Float(Some(0.5)),
            CellValue::Bool(Some(true)),
            CellValue::Time(Some(1_767_571_200_000_001)),
            CellValue::Texts(Some(vec!["x".into(), "y".into()])),
        ];
        let empty = vec![
            CellValue::Text(None),
            CellValue::Int(None),
            CellValue::Float(None),
            CellValue::Bool(None),
            CellValue::Time(None),
            CellValue::Texts(None),
        ];
        let mut no_element = empty.clone();
        no_element[5] = CellValue::Texts(Some(Vec::new()));

        let out = tempfile::NamedTempFile::new().unwrap();
        let mut file = ParquetFile::new(&table, out.reopen().unwrap()).unwrap();
        for row in [full, empty, no_element] {
            file.push(row).unwrap();
        }
        assert_eq!(file.finish().unwrap(), 3);
        let reader = SerializedFileReader::new(out.reopen().unwrap()).unwrap();
        let rows: Vec<Row> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].get_string(0).unwrap(), "a");
        assert_eq!(rows[0].get_long(1).unwrap(), 7);
        assert_eq!(rows[0].get_double(2).unwrap().to_bits(), 0.5_f64.to_bits());
        assert!(rows[0].get_bool(3).unwrap());
        assert_eq!(rows[0].get_timestamp_micros(4).unwrap(), 1_767_571_200_000_001);
        let list = rows[0].get_list(5).unwrap();
        assert_eq!((list.get_string(0).unwrap().as_str(), list.get_string(1).unwrap().as_str()), ("x", "y"));
        assert!(rows[1].get_column_iter().all(|(_, field)| matches!(field, Field::Null)));
        assert_eq!(rows[2].get_list(5).unwrap().len(), 0);
    }
}
