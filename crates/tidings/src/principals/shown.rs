//! How what came of it is told: a line, a table, or JSON.

use std::io::{self, Write};

use serde_json::Value;

use crate::client::Element;

/// A column: what stands above it, and the member that it shows.
pub(super) type Column = (&'static str, &'static str);

/// A list as a table, or as an array of objects.
pub(super) fn list(
    out: &mut impl Write,
    is_json: bool,
    elements: &[Element],
    columns: &[Column],
) -> io::Result<()> {
    if is_json {
        let all: Value = elements.iter().map(Element::to_json).collect();
        return writeln!(out, "{all}");
    }
    let mut rows: Vec<Vec<&str>> = vec![columns.iter().map(|(title, _)| *title).collect()];
    for element in elements {
        rows.push(columns.iter().map(|(_, member)| element.text_of(member)).collect());
    }
    table(out, &rows)
}

/// Rows whose columns are as wide as their widest cell. The last is not padded.
pub(super) fn table(out: &mut impl Write, rows: &[Vec<&str>]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What was made as an object, or a line for people.
pub(super) fn made(
    out: &mut impl Write,
    is_json: bool,
    element: Option<&Element>,
    line: &str,
) -> io::Result<()> {
    match is_json {
        true => {
            writeln!(out, "{}", element.map_or(Value::Object(Default::default()), Element::to_json))
        }
        false => writeln!(out, "{line}"),
    }
}

/// What was done. Programs have the status.
pub(super) fn done(out: &mut impl Write, is_json: bool, line: &str) -> io::Result<()> {
    if is_json { Ok(()) } else { writeln!(out, "{line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_be() {
        let mut out = Vec::new();
        let rows = [vec!["NAME", "ARN"], vec!["größe", "a"], vec!["b", ""]];
        table(&mut out, &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME   ARN\ngröße  a\nb\n");
    }
}
