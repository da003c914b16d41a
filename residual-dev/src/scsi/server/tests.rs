use super::*;

#[test]
fn nodes_have_the_numbers_of_their_systems() {
    for (name, node, device) in [
        ("sg0", Node::Generic(0), Some(0x1500)),
        ("sr1", Node::Disc(1), Some(0x0b01)),
        ("xpt0", Node::Transport, None),
        ("pass2", Node::Pass(2), None),
        ("cd0", Node::Cd(0), None),
    ] {
        assert_eq!(Node::named(name), Some(node));
        if let Some(device) = device {
            assert_eq!(node.device(), device, "{name}");
        }
    }
    assert_eq!(Node::named("sda"), None);
    assert_eq!(Node::named("sg"), None);
}
