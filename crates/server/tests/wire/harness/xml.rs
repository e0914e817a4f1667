//! Reads the XML that SQS answers, as strictly as XML 1.0 parsers do where it matters.

/// An element with its children, or its text.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    /// The value of `xmlns`; empty if there is none.
    pub namespace: String,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    /// The root element of a document.
    pub fn parse(document: &str) -> Self {
        let rest = document.strip_prefix("<?xml version=\"1.0\"?>").expect("the XML declaration");
        let mut rest = rest.trim_start();
        let root = Self::take(&mut rest);
        assert_eq!(rest.trim(), "", "text after the root element");
        root
    }

    /// The names of the children, in order.
    pub fn names(&self) -> Vec<&str> {
        self.children.iter().map(|child| child.name.as_str()).collect()
    }

    /// The text of the only child of this name.
    pub fn text_of(&self, name: &str) -> &str {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let text = &found.next().unwrap_or_else(|| panic!("no {name} in {self:?}")).text;
        assert!(found.next().is_none(), "more than one {name} in {self:?}");
        text
    }

    fn take(rest: &mut &str) -> Self {
        let (tag, mut inside) = rest.strip_prefix('<').unwrap().split_once('>').unwrap();
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let namespace = match attributes {
            "" => "",
            _ => attributes.strip_prefix("xmlns=\"").unwrap().strip_suffix('"').unwrap(),
        };
        let mut element =
            Self { name: name.into(), namespace: namespace.into(), ..Self::default() };
        if is_empty {
            *rest = inside;
            return element;
        }
        let end = format!("</{name}>");
        *rest = loop {
            let text = &inside[..inside.find('<').unwrap()];
            element.text += &unescaped(text);
            inside = &inside[text.len()..];
            if let Some(after) = inside.strip_prefix(&end) {
                break after;
            }
            element.children.push(Self::take(&mut inside));
        };
        if !element.children.is_empty() {
            assert_eq!(element.text.trim(), "", "text beside elements");
        }
        element
    }
}

/// The characters that the text of an element stands for.
fn unescaped(text: &str) -> String {
    // What every parser does to line ends that are not written as references.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut parts = text.split('&');
    let mut unescaped = parts.next().unwrap().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').expect("an entity ends in a semicolon");
        unescaped.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(entity).unwrap_or_else(|| panic!("unknown entity &{entity};")),
        });
        unescaped += after;
    }
    let allowed = |c| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= ' ',
    };
    assert!(unescaped.chars().all(allowed), "not XML 1.0: {unescaped:?}");
    unescaped
}

fn numbered(entity: &str) -> Option<char> {
    let digits = entity.strip_prefix('#')?;
    let number = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(number)
}
