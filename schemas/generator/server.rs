//! One trait for each server interface, and what carries messages to it: `server.rs`.

use super::{
    Outcome,
    declaration::{Model, Operation, identifier, snake, upper_first},
    operation::document,
};
use std::fmt::Write;

/// Source of the traits, the `dispatch_…` functions and the `…Server` adapters.
pub fn generate(model: &Model) -> Outcome<String> {
    let mut out = String::from("// Generated from operation/*.capnp.\n\n");
    for (index, interface) in model.interfaces.iter().enumerate().skip(1) {
        let operations: Vec<_> =
            model.operations.iter().filter(|operation| operation.interfaces().any(|i| i == index)).collect();
        let name = upper_first(&interface.name);
        define(&mut out, &name, &interface.name, &interface.documentation, &operations)?;
        dispatch(&mut out, &name, &interface.name, &operations)?;
        adapter(&mut out, &name, &interface.name)?;
    }
    Ok(out)
}

/// The operation's own name in its own interface, with the subsystem in front elsewhere.
fn method(interface: &str, operation: &Operation) -> String {
    if operation.subsystem == interface {
        identifier(&operation.name)
    } else {
        format!("{}_{}", snake(&operation.subsystem), snake(&operation.name))
    }
}

fn define(
    out: &mut String,
    name: &str,
    interface: &str,
    documentation: &str,
    operations: &[&Operation],
) -> Outcome<()> {
    writeln!(
        out,
        "/// Interface `{interface}`: {documentation}.\n///\n/// Methods must not block. What a server does not define is answered with `ENOSYS`."
    )?;
    writeln!(out, "#[allow(unused_variables)]\npub trait {name}: Send + Sync {{")?;
    for operation in operations {
        document(out, "    ", &operation.documentation, &operation.dotted())?;
        let module = operation.module();
        writeln!(
            out,
            "    fn {}(\n        &self,\n        caller: &Caller,\n        params: {module}::params::Reader<'_>,\n        results: {module}::results::Builder<'_>,\n        caps: &mut Capabilities,\n    ) -> Result<(), Errno> {{\n        Err(Errno::NOSYS)\n    }}\n",
            method(interface, operation)
        )?;
    }
    writeln!(
        out,
        "    /// The last right of guests to an object is gone; its state can go.\n    fn no_senders(&self, object: u64) {{}}\n"
    )?;
    writeln!(
        out,
        "    /// A guest's task died; all its rights are gone.\n    fn task_ended(&self, task: u64) {{}}\n}}\n"
    )?;
    Ok(())
}

fn dispatch(out: &mut String, name: &str, interface: &str, operations: &[&Operation]) -> Outcome<()> {
    writeln!(
        out,
        "/// Carries an operation of interface `{interface}` to its method; `ENOSYS` for one of another interface."
    )?;
    writeln!(
        out,
        "pub fn dispatch_{interface}<T: {name} + ?Sized>(\n    server: &T,\n    operation: Operation,\n    caller: &Caller,\n    params: capnp::any_pointer::Reader<'_>,\n    results: capnp::any_pointer::Builder<'_>,\n    caps: &mut Capabilities,\n) -> Result<(), Errno> {{\n    match operation {{"
    )?;
    for operation in operations {
        writeln!(
            out,
            "        Operation::{} => server.{}(caller, params.get_as()?, results.init_as(), caps),",
            operation.variant(),
            method(interface, operation)
        )?;
    }
    writeln!(out, "        _ => Err(Errno::NOSYS),\n    }}\n}}\n")?;
    Ok(())
}

fn adapter(out: &mut String, name: &str, interface: &str) -> Outcome<()> {
    writeln!(
        out,
        "/// A named [`{name}`] as a [`Server`].
pub struct {name}Server<T> {{
    name: Box<str>,
    inner: T,
}}

impl<T: {name}> {name}Server<T> {{
    /// Names a server.
    pub fn new(name: impl Into<Box<str>>, inner: T) -> Self {{
        Self {{ name: name.into(), inner }}
    }}

    /// What it was made of.
    pub fn inner(&self) -> &T {{
        &self.inner
    }}
}}

impl<T: {name}> Server for {name}Server<T> {{
    fn name(&self) -> &str {{
        &self.name
    }}

    fn interface(&self) -> Interface {{
        Interface::{name}
    }}

    fn call(
        &self,
        operation: Operation,
        caller: &Caller,
        params: capnp::any_pointer::Reader<'_>,
        results: capnp::any_pointer::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {{
        dispatch_{interface}(&self.inner, operation, caller, params, results, caps)
    }}

    fn no_senders(&self, object: u64) {{
        self.inner.no_senders(object);
    }}

    fn task_ended(&self, task: u64) {{
        self.inner.task_ended(task);
    }}
}}
"
    )?;
    Ok(())
}
