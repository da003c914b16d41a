//! The operation table: `operation.rs`.

use super::{
    Outcome,
    declaration::{Field, Model, upper_first},
};
use std::fmt::Write;

/// Source of `enum Operation`, `enum Interface`, `enum Format` and the table of infos.
pub fn generate(model: &Model) -> Outcome<String> {
    let mut out = String::from("// Generated from operation/*.capnp.\n\n");
    plain_enum(
        &mut out,
        "Interface",
        "Who can answer an operation.",
        model.interfaces.iter().map(|i| (&i.name, &i.documentation)),
    )?;
    plain_enum(
        &mut out,
        "Format",
        "How a field is shown in a trace.",
        model.formats.iter().map(|f| (&f.name, &f.documentation)),
    )?;
    operations(&mut out, model)?;
    infos(&mut out, model)?;
    Ok(out)
}

fn plain_enum<'a>(
    out: &mut String,
    name: &str,
    about: &str,
    members: impl Iterator<Item = (&'a String, &'a String)> + Clone,
) -> Outcome<()> {
    let count = members.clone().count();
    writeln!(
        out,
        "/// {about}\n#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(u8)]\npub enum {name} {{"
    )?;
    for (index, (member, documentation)) in members.clone().enumerate() {
        document(out, "    ", documentation, member)?;
        writeln!(out, "    {} = {index},", upper_first(member))?;
    }
    writeln!(out, "}}\n\nimpl {name} {{\n    /// All of them, in the order of their numbers.")?;
    writeln!(out, "    pub const ALL: [Self; {count}] = [")?;
    for (member, _) in members.clone() {
        writeln!(out, "        Self::{},", upper_first(member))?;
    }
    writeln!(
        out,
        "    ];\n\n    /// Its name, as in the schema.\n    pub const fn name(self) -> &'static str {{\n        match self {{"
    )?;
    for (member, _) in members.clone() {
        writeln!(out, "            Self::{} => {member:?},", upper_first(member))?;
    }
    writeln!(
        out,
        "        }}\n    }}\n\n    /// The one with this name.\n    pub fn from_name(name: &str) -> Option<Self> {{\n        Self::ALL.into_iter().find(|item| item.name() == name)\n    }}\n}}\n"
    )?;
    Ok(())
}

fn operations(out: &mut String, model: &Model) -> Outcome<()> {
    writeln!(
        out,
        "/// Every operation there is. The discriminant is its dense index, for tables.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(u16)]\npub enum Operation {{"
    )?;
    for (index, operation) in model.operations.iter().enumerate() {
        document(out, "    ", &operation.documentation, &operation.dotted())?;
        writeln!(out, "    {} = {index},", operation.variant())?;
    }
    let count = model.operations.len();
    writeln!(
        out,
        "}}\n\nimpl Operation {{\n    /// How many there are.\n    pub const COUNT: usize = {count};\n"
    )?;
    writeln!(
        out,
        "    /// All of them, in the order of their indices.\n    pub const ALL: [Self; Self::COUNT] = ["
    )?;
    for operation in &model.operations {
        writeln!(out, "        Self::{},", operation.variant())?;
    }
    writeln!(
        out,
        "    ];\n\n    /// The one with this stable number.\n    pub const fn from_id(id: u16) -> Option<Self> {{\n        Some(match id {{"
    )?;
    for operation in &model.operations {
        writeln!(out, "            {:#06x} => Self::{},", operation.id, operation.variant())?;
    }
    writeln!(out, "            _ => return None,\n        }})\n    }}\n}}\n")?;
    Ok(())
}

fn infos(out: &mut String, model: &Model) -> Outcome<()> {
    writeln!(out, "static INFOS: [OperationInfo; Operation::COUNT] = [")?;
    for operation in &model.operations {
        let interface = |index: usize| format!("Interface::{}", upper_first(&model.interfaces[index].name));
        writeln!(out, "    OperationInfo {{")?;
        writeln!(out, "        operation: Operation::{},", operation.variant())?;
        writeln!(out, "        id: {:#06x},", operation.id)?;
        writeln!(out, "        name: {:?},", operation.dotted())?;
        writeln!(out, "        subsystem: {:?},", operation.subsystem)?;
        writeln!(out, "        contract: {:?},", operation.documentation)?;
        writeln!(out, "        server: {},", interface(operation.server))?;
        let also: Vec<_> = operation.also.iter().map(|index| interface(*index)).collect();
        writeln!(out, "        also: &[{}],", also.join(", "))?;
        writeln!(out, "        flavour: crate::Flavour::{},", operation.flavour)?;
        writeln!(out, "        idempotent: {},", operation.idempotent)?;
        fields(out, model, "params", &operation.params)?;
        fields(out, model, "results", &operation.results)?;
        writeln!(out, "    }},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn fields(out: &mut String, model: &Model, name: &str, fields: &[Field]) -> Outcome<()> {
    writeln!(out, "        {name}: &[")?;
    for field in fields {
        let format = match field.format {
            Some(index) => format!("Some(Format::{})", upper_first(&model.formats[index].name)),
            None => "None".into(),
        };
        writeln!(
            out,
            "            Field {{ name: {:?}, documentation: {:?}, kind: Kind::{}, format: {format} }},",
            field.name, field.documentation, field.kind
        )?;
    }
    writeln!(out, "        ],")?;
    Ok(())
}

/// Writes a comment of the schema as a Rust one; `fallback` where there is none.
pub fn document(out: &mut String, indent: &str, text: &str, fallback: &str) -> Outcome<()> {
    if text.is_empty() {
        writeln!(out, "{indent}/// `{fallback}`.")?;
    }
    for line in text.lines() {
        writeln!(out, "{indent}///{}{}", if line.is_empty() { "" } else { " " }, escape(line))?;
    }
    Ok(())
}

/// Schema prose is not Markdown.
fn escape(line: &str) -> String {
    let mut out = String::new();
    for character in line.chars() {
        if "[]<>*_`\\".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
