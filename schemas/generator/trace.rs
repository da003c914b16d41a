//! Formatters of the traced fields: `trace.rs`.

use super::{
    Outcome,
    declaration::{Field, Model, Operation, snake, upper_first},
};
use std::fmt::Write;

/// Source of `params` and `results`, which write the traced fields of a message.
pub fn generate(model: &Model) -> Outcome<String> {
    let mut out = String::from("// Generated from operation/*.capnp.\n\n");
    formatter(&mut out, model, "params", |operation| &operation.params)?;
    formatter(&mut out, model, "results", |operation| &operation.results)?;
    Ok(out)
}

fn formatter(out: &mut String, model: &Model, what: &str, fields: fn(&Operation) -> &[Field]) -> Outcome<()> {
    writeln!(
        out,
        "pub(super) fn {what}(\n    operation: Operation,\n    message: capnp::any_pointer::Reader<'_>,\n    out: &mut Fields<'_>,\n) -> Result<(), Failure> {{\n    match operation {{"
    )?;
    for operation in &model.operations {
        let traced: Vec<_> = fields(operation).iter().filter(|field| field.format.is_some()).collect();
        if traced.is_empty() {
            continue;
        }
        writeln!(out, "        Operation::{} => {{", operation.variant())?;
        writeln!(
            out,
            "            let message: {}::{what}::Reader<'_> = message.get_as()?;",
            operation.module()
        )?;
        for field in traced {
            let format = &model.formats[field.format.unwrap_or(0)].name;
            let get = format!("message.get_{}()", snake(&field.name));
            let name = &field.name;
            let variant = upper_first(format);
            match (field.kind, format.as_str()) {
                ("Bool", _) => writeln!(out, "            out.flag({name:?}, {get})?;")?,
                ("Signed" | "Unsigned", _) => {
                    writeln!(out, "            out.number({name:?}, Format::{variant}, i128::from({get}))?;")?
                }
                ("Data" | "Text", "length") => {
                    writeln!(out, "            out.length({name:?}, {get}?.len())?;")?
                }
                ("List", "length") => {
                    writeln!(out, "            out.length({name:?}, {get}?.len() as usize)?;")?
                }
                ("Data", "bytes") => writeln!(out, "            out.bytes({name:?}, {get}?)?;")?,
                ("Text", "text" | "bytes") => {
                    writeln!(out, "            out.bytes({name:?}, {get}?.as_bytes())?;")?
                }
                (kind, format) => {
                    return Err(format!(
                        "{}: {name} of kind {kind} cannot be traced as {format}",
                        operation.dotted()
                    )
                    .into());
                }
            }
        }
        writeln!(out, "        }}")?;
    }
    writeln!(out, "        _ => {{}}\n    }}\n    Ok(())\n}}\n")?;
    Ok(())
}
