//! The archive that Superset's page takes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::SupersetError;

/// The files as a zip archive, in the one directory that Superset expects.
pub fn archive(files: &BTreeMap<String, String>) -> Result<Vec<u8>, SupersetError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (path, text) in files {
        writer.start_file(format!("sei/{path}"), options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn an_archive_has_all_files_in_one_directory() {
        let files = BTreeMap::from([("metadata.yaml".to_owned(), "version: \"1.0.0\"\n".to_owned())]);
        let mut archive = ZipArchive::new(Cursor::new(archive(&files).unwrap())).unwrap();
        let mut text = String::new();
        archive.by_name("sei/metadata.yaml").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((archive.len(), text.as_str()), (1, "version: \"1.0.0\"\n"));
    }
}
