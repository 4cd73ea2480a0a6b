//! Events as a Parquet file, a row each, and back.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::DateTime;
use kernel::{Envelope, Tenant};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::{Row, RowAccessor};
use parquet::schema::parser::parse_message_type;

/// The columns, in the format's own language.
const SCHEMA: &str = "message event {
    required int64 partition;
    required int64 position;
    required binary id (STRING);
    required binary source (STRING);
    required binary kind (STRING);
    optional binary subject (STRING);
    required int64 time (TIMESTAMP(MICROS,true));
    required binary tenant (STRING);
    required binary key (STRING);
    required binary content_type (STRING);
    required binary data;
}";

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// A file of events of a partition, with their positions.
pub(super) fn encode(partition: i32, events: &[(i64, Envelope)]) -> Result<Vec<u8>> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let texts = |of: fn(&Envelope) -> &str| -> Vec<ByteArray> {
        events.iter().map(|(_, event)| ByteArray::from(of(event).as_bytes().to_vec())).collect()
    };
    column::<Int64Type>(&mut group, &vec![i64::from(partition); events.len()], None)?;
    column::<Int64Type>(&mut group, &events.iter().map(|(position, _)| *position).collect::<Vec<_>>(), None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| &event.id), None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| &event.source), None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| &event.kind), None)?;
    let subjects = events.iter().filter_map(|(_, event)| event.subject.as_ref());
    let subjects: Vec<ByteArray> = subjects.map(|subject| ByteArray::from(subject.as_bytes().to_vec())).collect();
    let defined: Vec<i16> = events.iter().map(|(_, event)| i16::from(event.subject.is_some())).collect();
    column::<ByteArrayType>(&mut group, &subjects, Some(&defined))?;
    let times: Vec<i64> = events.iter().map(|(_, event)| event.time.timestamp_micros()).collect();
    column::<Int64Type>(&mut group, &times, None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| event.tenant.as_str()), None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| &event.key), None)?;
    column::<ByteArrayType>(&mut group, &texts(|event| &event.content_type), None)?;
    let data: Vec<ByteArray> = events.iter().map(|(_, event)| ByteArray::from(event.data.to_vec())).collect();
    column::<ByteArrayType>(&mut group, &data, None)?;
    group.close()?;
    Ok(writer.into_inner()?)
}

/// Writes the next column of a group.
fn column<T: DataType>(group: &mut Group<'_>, values: &[T::T], defined: Option<&[i16]>) -> Result<()> {
    let mut column = group.next_column()?.context("a file of events has another number of columns")?;
    column.typed::<T>().write_batch(values, defined, None)?;
    Ok(column.close()?)
}

/// The events of a file, in its order.
pub(super) fn decode(file: impl ChunkReader + 'static) -> Result<Vec<Envelope>> {
    let reader = SerializedFileReader::new(file)?;
    let rows = reader.get_row_iter(None)?;
    rows.map(|row| event(&row?)).collect()
}

fn event(row: &Row) -> Result<Envelope> {
    let text = |column| Ok::<_, anyhow::Error>(row.get_string(column)?.clone());
    let micros = row.get_timestamp_micros(6)?;
    Ok(Envelope {
        id: text(2)?,
        source: text(3)?,
        kind: text(4)?,
        // one that is missing can't be read as a text
        subject: row.get_string(5).ok().cloned(),
        time: DateTime::from_timestamp_micros(micros).context("a time is out of range")?,
        tenant: Tenant::new(row.get_string(7)?)?,
        key: text(8)?,
        content_type: text(9)?,
        data: row.get_bytes(10)?.data().to_vec().into(),
        traceparent: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_back_as_they_were_written_with_bytes_that_are_no_text() {
        let event = |subject: Option<&str>, data: &[u8]| Envelope {
            id: "1".to_owned(),
            source: "github/main".to_owned(),
            kind: "github.push".to_owned(),
            subject: subject.map(str::to_owned),
            time: DateTime::from_timestamp_micros(1_767_571_200_000_001).unwrap(),
            tenant: Tenant::default(),
            key: "github.com/octocat/hello".to_owned(),
            content_type: "application/json".to_owned(),
            data: data.to_vec().into(),
            traceparent: None,
        };
        let events = [event(None, b"{}"), event(Some("octocat/hello"), &[0, 159, 146, 150]), event(None, b"")];
        let numbered: Vec<(i64, Envelope)> = (7..).zip(events.iter().cloned()).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), encode(3, &numbered).unwrap()).unwrap();
        assert_eq!(decode(file.reopen().unwrap()).unwrap(), events);
    }
}
