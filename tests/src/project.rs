//! A project of many small files for a bundler to chew on, the same each time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes `count` modules (TypeScript, JSX, JSON and text) in folders below `folder/src`, and
/// `folder/src/main.ts` that imports them all.
///
/// # Panics
/// When the folder does not take them.
pub fn write(folder: &Path, count: usize) {
    let source = folder.join("src");
    let mut main = String::new();
    let mut uses = String::new();
    for index in 0..count {
        let group = format!("group{}", index % 9);
        let (extension, text) = module(index);
        let name = format!("module{index}.{extension}");
        fs::create_dir_all(source.join(&group)).expect("a fresh folder takes folders");
        fs::write(source.join(&group).join(&name), text).expect("a fresh folder takes files");
        let _ = match extension {
            "json" | "txt" => writeln!(main, "import value{index} from './{group}/{name}'"),
            _ => writeln!(main, "import {{ value{index} }} from './{group}/module{index}'"),
        };
        let _ = writeln!(uses, "  value{index},");
    }
    let _ =
        writeln!(main, "\nexport const everything: unknown[] = [\n{uses}]\nconsole.log(everything.length)");
    fs::write(source.join("main.ts"), main).expect("a fresh folder takes files");
}

fn module(index: usize) -> (&'static str, String) {
    match index % 5 {
        0 => (
            "json",
            format!("{{ \"name\": \"module {index}\", \"values\": [{index}, {}, null, true] }}\n", index * 7),
        ),
        1 => ("txt", format!("Module {index} is plain text: «äöü», {}.\n", "x".repeat(index % 40))),
        2 => (
            "tsx",
            format!(
                "const React = {{ createElement: (...all: unknown[]) => all }}\n\
                 /** Renders {index}. */\n\
                 export const value{index} = <div className=\"c{index}\">{{ [1, 2, {index}].map(n => <b key={{n}}>{{n}}</b>) }}</div>\n"
            ),
        ),
        _ => {
            let before = index - 1;
            let import = if before % 5 == 2 || before % 5 == 3 {
                format!("import {{ value{before} }} from '../group{}/module{before}'\n", before % 9)
            } else {
                format!("const value{before} = {before}\n")
            };
            (
                "ts",
                format!(
                    "{import}enum Kind{index} {{ Small = {index}, Large = Small << 2 }}\n\
                     interface Thing {{ readonly kind: Kind{index}; next?: Thing }}\n\
                     class Chain{index} implements Thing {{\n  \
                       constructor(readonly kind: Kind{index}, public next?: Thing) {{}}\n  \
                       get depth(): number {{ let n = 0; for (let t: Thing | undefined = this; t; t = t.next) n++; return n }}\n\
                     }}\n\
                     export const value{index} = [new Chain{index}(Kind{index}.Large, new Chain{index}(Kind{index}.Small)).depth, value{before}] as const\n"
                ),
            )
        }
    }
}
