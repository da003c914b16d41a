//! Reads the declared operations out of a schema request.

use super::Outcome;
use capnp::{
    Word, message, private::layout::PointerReader, private::layout::StructReader, schema_capnp as schema,
    serialize, traits::FromPointerReader,
};
use std::collections::HashMap;

const SUBSYSTEM: u64 = 0xa7d4_c1f0_be52_0102;
const OPERATION: u64 = 0xa7d4_c1f0_be52_0103;
const TRACED: u64 = 0xa7d4_c1f0_be52_0104;

/// Everything that is declared.
pub struct Model {
    /// Names of the interfaces, in the order of their numbers.
    pub interfaces: Vec<Named>,
    /// Names of the trace formats, in the order of their numbers.
    pub formats: Vec<Named>,
    /// In the order of their ids.
    pub operations: Vec<Operation>,
}

/// A name of the schema and what it says about it.
pub struct Named {
    /// As in the schema.
    pub name: String,
    /// Its comment.
    pub documentation: String,
}

/// One declared operation.
pub struct Operation {
    /// The schema file's stem.
    pub subsystem: String,
    /// lowerCamel.
    pub name: String,
    /// Its comment in the schema.
    pub documentation: String,
    /// The stable number.
    pub id: u16,
    /// Index of the interface that answers by default.
    pub server: usize,
    /// Indices of those that can as well.
    pub also: Vec<usize>,
    /// UpperCamel.
    pub flavour: String,
    /// Whether it may be repeated.
    pub idempotent: bool,
    /// Of `Params`.
    pub params: Vec<Field>,
    /// Of `Results`.
    pub results: Vec<Field>,
}

/// One field of a message.
pub struct Field {
    /// lowerCamel.
    pub name: String,
    /// Its comment in the schema.
    pub documentation: String,
    /// The wire type, as a variant of the crate's `Kind`.
    pub kind: &'static str,
    /// Index of the trace format, when it is traced.
    pub format: Option<usize>,
}

/// An annotation's value, whose generated type does not exist yet.
struct Untyped<'a>(StructReader<'a>);

impl<'a> FromPointerReader<'a> for Untyped<'a> {
    fn get_from_pointer(pointer: &PointerReader<'a>, default: Option<&'a [Word]>) -> capnp::Result<Self> {
        pointer.get_struct(default).map(Self)
    }
}

struct Nodes<'a> {
    by_id: HashMap<u64, schema::node::Reader<'a>>,
    source: HashMap<u64, schema::node::source_info::Reader<'a>>,
}

/// Collects the operations and checks that their numbers are unique and belong to their subsystem.
pub fn read(request: &[u8]) -> Outcome<Model> {
    let message = serialize::read_message(request, message::ReaderOptions::new())?;
    let root: schema::code_generator_request::Reader = message.get_root()?;
    let mut nodes = Nodes { by_id: HashMap::new(), source: HashMap::new() };
    for node in root.get_nodes()? {
        nodes.by_id.insert(node.get_id(), node);
    }
    for source in root.get_source_info()? {
        nodes.source.insert(source.get_id(), source);
    }

    let mut operations = Vec::new();
    let mut flavours = Vec::new();
    let mut model = Model { interfaces: Vec::new(), formats: Vec::new(), operations: Vec::new() };
    for file in root.get_requested_files()? {
        let node = nodes.get(file.get_id())?;
        let stem = file.get_filename()?.to_str()?;
        let stem = stem.rsplit('/').next().unwrap_or(stem).trim_end_matches(".capnp").to_owned();
        if stem == "declaration" {
            for nested in node.get_nested_nodes()? {
                match nested.get_name()?.to_str()? {
                    "Interface" => model.interfaces = nodes.enumerants(nested.get_id())?,
                    "Format" => model.formats = nodes.enumerants(nested.get_id())?,
                    "Flavour" => flavours = nodes.enumerants(nested.get_id())?,
                    _ => {}
                }
            }
        }
        operations.push((stem, node));
    }
    for (stem, file) in operations {
        let Some(subsystem) = annotation(file.get_annotations()?, SUBSYSTEM)? else { continue };
        let schema::value::Uint8(subsystem) = subsystem.which()? else {
            return Err(format!("{stem}: $subsystem is not a UInt8").into());
        };
        for nested in file.get_nested_nodes()? {
            let node = nodes.get(nested.get_id())?;
            let Some(value) = annotation(node.get_annotations()?, OPERATION)? else { continue };
            let operation = nodes.operation(&stem, nested.get_name()?.to_str()?, node, value, &flavours)?;
            if operation.id >> 8 != u16::from(subsystem) {
                return Err(format!("{stem}.{}: id outside its subsystem", operation.name).into());
            }
            model.operations.push(operation);
        }
    }
    model.operations.sort_by_key(|operation| operation.id);
    for pair in model.operations.windows(2) {
        if pair[0].id == pair[1].id {
            return Err(format!("{} and {} have the same id", pair[0].name, pair[1].name).into());
        }
    }
    Ok(model)
}

fn annotation<'a>(
    list: capnp::struct_list::Reader<'a, schema::annotation::Owned>,
    id: u64,
) -> Outcome<Option<schema::value::Reader<'a>>> {
    for annotation in list {
        if annotation.get_id() == id {
            return Ok(Some(annotation.get_value()?));
        }
    }
    Ok(None)
}

impl<'a> Nodes<'a> {
    fn get(&self, id: u64) -> Outcome<schema::node::Reader<'a>> {
        self.by_id.get(&id).copied().ok_or_else(|| format!("no schema node {id:#x}").into())
    }

    fn documentation(&self, id: u64) -> Outcome<String> {
        Ok(match self.source.get(&id) {
            Some(source) => reflow(source.get_doc_comment()?.to_str()?),
            None => String::new(),
        })
    }

    fn member_documentation(&self, id: u64, index: u32) -> Outcome<String> {
        let Some(source) = self.source.get(&id) else { return Ok(String::new()) };
        let members = source.get_members()?;
        if index >= members.len() {
            return Ok(String::new());
        }
        Ok(reflow(members.get(index).get_doc_comment()?.to_str()?))
    }

    fn enumerants(&self, id: u64) -> Outcome<Vec<Named>> {
        let schema::node::Enum(node) = self.get(id)?.which()? else {
            return Err("an enum was expected".into());
        };
        let mut names = Vec::new();
        for (index, enumerant) in node.get_enumerants()?.into_iter().enumerate() {
            names.push(Named {
                name: enumerant.get_name()?.to_str()?.to_owned(),
                documentation: self.member_documentation(id, index as u32)?,
            });
        }
        Ok(names)
    }

    fn operation(
        &self,
        subsystem: &str,
        name: &str,
        node: schema::node::Reader<'a>,
        value: schema::value::Reader<'a>,
        flavours: &[Named],
    ) -> Outcome<Operation> {
        let schema::value::Struct(pointer) = value.which()? else {
            return Err(format!("{subsystem}.{name}: $operation is not a structure").into());
        };
        let Untyped(declared) = pointer.get_as()?;
        let slots = self.declaration_slots()?;
        let slot = |field: &str| slots.get(field).copied().ok_or(format!("Declaration has no {field}"));
        let mut also = Vec::new();
        let list = declared.get_pointer_field(slot("also")? as usize);
        for interface in capnp::primitive_list::Reader::<u16>::get_from_pointer(&list, None)? {
            also.push(usize::from(interface));
        }
        let flavour: u16 = declared.get_data_field(slot("flavour")? as usize);
        let (mut params, mut results) = (None, None);
        for nested in node.get_nested_nodes()? {
            match nested.get_name()?.to_str()? {
                "Params" => params = Some(self.fields(nested.get_id())?),
                "Results" => results = Some(self.fields(nested.get_id())?),
                _ => {}
            }
        }
        let missing = |what| format!("{subsystem}.{name} has no {what}");
        Ok(Operation {
            subsystem: subsystem.to_owned(),
            name: lower_first(name),
            documentation: self.documentation(node.get_id())?,
            id: declared.get_data_field(slot("id")? as usize),
            server: usize::from(declared.get_data_field::<u16>(slot("server")? as usize)),
            also,
            flavour: upper_first(&flavours[usize::from(flavour)].name),
            idempotent: declared.get_bool_field(slot("idempotent")? as usize),
            params: params.ok_or_else(|| missing("Params"))?,
            results: results.ok_or_else(|| missing("Results"))?,
        })
    }

    /// Where the fields of `Declaration` lie, which its own schema node tells.
    fn declaration_slots(&self) -> Outcome<HashMap<String, u32>> {
        let schema::node::Annotation(annotation) = self.get(OPERATION)?.which()? else {
            return Err("$operation is no annotation".into());
        };
        let schema::type_::Struct(type_) = annotation.get_type()?.which()? else {
            return Err("$operation has no structure".into());
        };
        let schema::node::Struct(node) = self.get(type_.get_type_id())?.which()? else {
            return Err("$operation has no structure".into());
        };
        let mut slots = HashMap::new();
        for field in node.get_fields()? {
            if let schema::field::Slot(slot) = field.which()? {
                slots.insert(field.get_name()?.to_str()?.to_owned(), slot.get_offset());
            }
        }
        Ok(slots)
    }

    fn fields(&self, id: u64) -> Outcome<Vec<Field>> {
        let schema::node::Struct(node) = self.get(id)?.which()? else {
            return Err("Params and Results must be structures".into());
        };
        let mut fields = Vec::new();
        for (index, field) in node.get_fields()?.into_iter().enumerate() {
            let format = match annotation(field.get_annotations()?, TRACED)? {
                Some(value) => match value.which()? {
                    schema::value::Enum(format) => Some(usize::from(format)),
                    _ => return Err("$traced is not a Format".into()),
                },
                None => None,
            };
            let kind = match field.which()? {
                schema::field::Slot(slot) => kind(slot.get_type()?)?,
                schema::field::Group(_) => "Group",
            };
            fields.push(Field {
                name: field.get_name()?.to_str()?.to_owned(),
                documentation: self.member_documentation(id, index as u32)?,
                kind,
                format,
            });
        }
        Ok(fields)
    }
}

fn kind(type_: schema::type_::Reader<'_>) -> Outcome<&'static str> {
    use schema::type_::Which;
    Ok(match type_.which()? {
        Which::Bool(()) => "Bool",
        Which::Int8(()) | Which::Int16(()) | Which::Int32(()) | Which::Int64(()) => "Signed",
        Which::Uint8(()) | Which::Uint16(()) | Which::Uint32(()) | Which::Uint64(()) => "Unsigned",
        Which::Float32(()) | Which::Float64(()) => "Float",
        Which::Text(()) => "Text",
        Which::Data(()) => "Data",
        Which::List(_) => "List",
        Which::Enum(_) => "Enum",
        Which::Struct(_) => "Struct",
        Which::Void(()) | Which::Interface(_) | Which::AnyPointer(_) => {
            return Err("operations hold no interfaces, any-pointers or Void fields outside unions".into());
        }
    })
}

/// One line a paragraph.
fn reflow(comment: &str) -> String {
    let paragraphs = comment.trim().split("\n\n");
    paragraphs
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// `getIds` to `GetIds`.
pub fn upper_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().collect::<String>() + characters.as_str())
}

/// `GetIds` to `getIds`.
pub fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map_or(String::new(), |first| first.to_lowercase().collect::<String>() + characters.as_str())
}

/// `getIds` to `get_ids`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }
    out
}

/// A module or method name: `snake`, with an underscore behind the words that Rust or the message generator keeps.
pub fn identifier(name: &str) -> String {
    let mut name = snake(name);
    if ["break", "return", "self", "type", "move", "yield", "loop", "proc"].contains(&name.as_str()) {
        name.push('_');
    }
    name
}

impl Operation {
    /// `fs.open`.
    pub fn dotted(&self) -> String {
        format!("{}.{}", self.subsystem, self.name)
    }

    /// `FsOpen`.
    pub fn variant(&self) -> String {
        upper_first(&self.subsystem) + &upper_first(&self.name)
    }

    /// Path of the module that holds its messages.
    pub fn module(&self) -> String {
        format!("crate::generated::{}_capnp::{}", self.subsystem, identifier(&self.name))
    }

    /// All interfaces that can answer it, the default one first.
    pub fn interfaces(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.server).chain(self.also.iter().copied())
    }
}
