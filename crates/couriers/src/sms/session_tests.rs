use bytes::Bytes;
use proptest::prelude::*;
use tidings_core::phone_number::PhoneNumber;
use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver};

use super::super::accepted::MessageKey;
use super::super::frame::PDU_BYTES_MAX;
use super::*;

/// A session, and its gateway's side of it.
struct Scene {
    session: Session,
    now: Instant,
    accepted: Arc<Accepted>,
    notices: Receiver<SmsNotice>,
    kept: UnboundedReceiver<Kept>,
    sent: usize,
    counted: SentParts,
}

impl Scene {
    fn with_window(window: usize) -> Scene {
        let config = SmsConfig { window, ..SmsConfig::new("gateway.example", "user", "secret") };
        let (notice_sender, notices) = mpsc::channel(2);
        let (kept_sender, kept) = mpsc::unbounded_channel();
        let accepted = Arc::new(Accepted::default());
        let outlets =
            Outlets { accepted: Arc::clone(&accepted), notices: notice_sender, kept: kept_sender };
        let now = Instant::now();
        let session = Session::new(&config, outlets, now);
        Scene { session, now, accepted, notices, kept, sent: 0, counted: SentParts::default() }
    }

    /// One that is bound.
    fn bound(window: usize) -> Scene {
        let mut scene = Scene::with_window(window);
        scene.out();
        scene.hear(Command::BIND_TRANSCEIVER.response(), Status::OK, 1, b"gateway\0");
        assert!(scene.session.is_bound());
        scene
    }

    fn hear(&mut self, command: Command, status: Status, sequence: u32, body: &[u8]) {
        let body = Bytes::copy_from_slice(body);
        self.session.receive(Frame { command, status, sequence, body }, self.now);
    }

    fn answer(&mut self, sequence: u32, status: u32, id: &[u8]) {
        self.hear(Command::SUBMIT_SM.response(), Status(status), sequence, id);
    }

    /// What the session says: command, status, sequence number.
    fn out(&mut self) -> Vec<(u32, u32, u32)> {
        let mut frames = Vec::new();
        while let Some(frame) = Frame::take(self.session.out()).unwrap() {
            frames.push((frame.command.0, frame.status.0, frame.sequence));
        }
        frames
    }

    fn submit(&mut self) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let part = part(self.sent);
        self.sent += 1;
        let body = Bytes::from_static(b"body");
        let sent = self.counted.clone();
        self.session.submit(Submission { body, part, sent, answer }, self.now);
        receiver
    }

    fn wait(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while self.session.wakes_at() <= until && self.session.end().is_none() {
            self.now = self.now.max(self.session.wakes_at());
            self.session.time_passes(self.now);
        }
        self.now = until;
    }

    fn lost(&self) -> &str {
        match self.session.end() {
            Some(End::Lost(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn part(part: usize) -> PartKey {
    let number = PhoneNumber::parse("+49170123456").unwrap();
    PartKey { message: MessageKey::new("message", &number, "text"), part }
}

#[test]
fn a_session_begins_with_a_bind() {
    let mut scene = Scene::with_window(2);
    assert!(!scene.session.has_room());
    let frame = Frame::take(scene.session.out()).unwrap().unwrap();
    assert_eq!((frame.command.0, frame.sequence), (0x09, 1));
    assert_eq!(&frame.body[..], b"user\0secret\0\0\x34\0\0\0");
    // Whoever is not bound has no messages for us.
    scene.hear(Command::DELIVER_SM, Status::OK, 9, b"");
    assert_eq!(scene.out(), [(0x8000_0005, 0x04, 9)]);
    scene.hear(Command(0x8000_0009), Status::OK, 1, b"\0");
    assert!(scene.session.has_room());
}

#[test]
fn a_bind_that_is_refused_or_forgotten_ends_it() {
    let mut scene = Scene::with_window(2);
    scene.hear(Command(0x8000_0009), Status(0x0E), 1, b"");
    assert_eq!(scene.session.end(), Some(&End::Refused(Status(0x0E))));
    let mut scene = Scene::with_window(2);
    scene.hear(Command::GENERIC_NACK, Status(0x03), 1, b"");
    assert_eq!(scene.session.end(), Some(&End::Refused(Status(0x03))));
    let mut scene = Scene::with_window(2);
    scene.wait(10);
    assert!(scene.lost().contains("bind"), "{}", scene.lost());
}

#[test]
fn answers_find_their_parts_in_any_order() {
    let mut scene = Scene::bound(2);
    let (mut first, mut second) = (scene.submit(), scene.submit());
    assert_eq!(scene.out(), [(0x04, 0, 2), (0x04, 0, 3)]);
    assert!(!scene.session.has_room());
    scene.answer(3, 0, b"id-3\0");
    assert!(scene.session.has_room());
    assert_eq!(second.try_recv().unwrap(), Answer::Accepted("id-3".into()));
    assert_eq!(scene.counted.count(), 2, "the first is under way");
    scene.answer(2, 0x45, b"");
    assert_eq!(scene.counted.count(), 1, "it wants no money for what it refuses");
    assert_eq!(first.try_recv().unwrap(), Answer::Refused(Status(0x45)));
    let parts = scene.accepted.parts(&part(0).message);
    assert_eq!(parts, HashMap::from([(1, "id-3".to_owned())]));
}

#[test]
fn a_nack_is_an_answer() {
    let mut scene = Scene::bound(2);
    let mut waiting = scene.submit();
    scene.hear(Command::GENERIC_NACK, Status::OK, 2, b"");
    assert_eq!(waiting.try_recv().unwrap(), Answer::Refused(Status::OK));
    assert_eq!(scene.session.end(), None);
    scene.hear(Command::GENERIC_NACK, Status(0x02), 0, b"");
    assert!(scene.lost().contains("invalid command length"));
}

#[test]
fn nobody_sends_what_nobody_waits_for() {
    let mut scene = Scene::bound(2);
    scene.out();
    let (answer, receiver) = oneshot::channel();
    drop(receiver);
    let body = Bytes::new();
    let sent = scene.counted.clone();
    scene.session.submit(Submission { body, part: part(0), sent, answer }, scene.now);
    assert_eq!(scene.counted.count(), 0);
    assert!(!scene.session.has_output() && scene.session.has_room());
}

#[test]
fn after_too_many_there_is_a_pause() {
    let mut scene = Scene::bound(2);
    let mut waiting = scene.submit();
    scene.answer(2, 0x58, b"");
    assert_eq!(waiting.try_recv().unwrap(), Answer::Refused(Status::THROTTLED));
    assert!(!scene.session.has_room());
    scene.wait(1);
    assert!(scene.session.has_room());
}

#[test]
fn a_late_answer_still_counts() {
    let mut scene = Scene::bound(1);
    let mut waiting = scene.submit();
    scene.wait(10);
    assert!(matches!(waiting.try_recv().unwrap(), Answer::Unanswered(_)));
    assert_eq!(scene.counted.count(), 1, "it may have it");
    assert!(scene.session.has_room() && scene.session.end().is_none());
    scene.answer(2, 0, b"late\0");
    assert_eq!(scene.accepted.parts(&part(0).message).len(), 1);
    // It counts once, and what was never asked counts for nothing.
    scene.answer(2, 0, b"again\0");
    scene.answer(77, 0, b"what\0");
    assert_eq!(scene.accepted.message("again"), None);
    assert_eq!(scene.accepted.message("late").unwrap().0, "message");
}

#[test]
fn late_answers_are_bounded() {
    let mut scene = Scene::bound(1);
    for _ in 0..LATE_MAX + 10 {
        drop(scene.submit());
        // Somebody speaks, so the session lives on.
        scene.wait(10);
        scene.hear(Command::ENQUIRE_LINK, Status::OK, 1, b"");
        scene.out();
    }
    assert_eq!(scene.session.late.len(), LATE_MAX);
}

#[test]
fn a_silent_gateway_is_asked_and_then_left() {
    let mut scene = Scene::bound(1);
    scene.wait(30);
    assert_eq!(scene.out(), [(0x15, 0, 2)]);
    scene.hear(Command(0x8000_0015), Status::OK, 2, b"");
    scene.wait(29);
    assert!(!scene.session.has_output());
    scene.wait(5);
    assert_eq!(scene.out(), [(0x15, 0, 3)]);
    let mut waiting = scene.submit();
    scene.wait(10);
    assert!(scene.lost().contains("whether it is there"));
    assert!(matches!(waiting.try_recv().unwrap(), Answer::Unanswered(_)));
}

#[test]
fn requests_of_the_gateway_are_answered() {
    let mut scene = Scene::bound(1);
    scene.hear(Command::ENQUIRE_LINK, Status::OK, 5, b"");
    scene.hear(Command::OUTBIND, Status::OK, 6, b"x\0y\0");
    scene.hear(Command::ALERT_NOTIFICATION, Status::OK, 7, b"");
    scene.hear(Command(0x103), Status::OK, 8, b"");
    scene.hear(Command(0x7FFF_FFFF), Status::OK, 9, b"");
    let nack = 0x8000_0000;
    assert_eq!(scene.out(), [(0x8000_0015, 0, 5), (nack, 3, 8), (nack, 3, 9)]);
    scene.hear(Command::UNBIND, Status::OK, 10, b"");
    assert_eq!(scene.out(), [(0x8000_0006, 0, 10)]);
    assert_eq!(scene.lost(), "it ended the session");
}

const STOP: &[u8] = b"\0\x01\x0149170123456\0\0\0\x37\x32\0\0\0\0\0\0\0\0\0\0\x04STOP";
const HELLO: &[u8] = b"\0\x01\x0149170123456\0\0\0\x37\x32\0\0\0\0\0\0\0\0\0\0\x05hello";
const RECEIPT: &[u8] = b"\0\0\x0149170123456\0\0\0\0\x04\0\0\0\0\0\0\0\0\x16id:known stat:DELIVRD ";

#[test]
fn events_are_answered_when_they_are_kept() {
    let mut scene = Scene::bound(1);
    scene.out();
    scene.hear(Command::DELIVER_SM, Status::OK, 20, HELLO);
    assert_eq!(scene.out(), [(0x8000_0005, 0, 20)]);
    scene.hear(Command::DELIVER_SM, Status::OK, 21, b"\0");
    assert_eq!(scene.out(), [(0x8000_0005, 1, 21)]);
    scene.hear(Command::DELIVER_SM, Status::OK, 22, STOP);
    assert!(!scene.session.has_output());
    let notice = scene.notices.try_recv().unwrap();
    match notice.event() {
        SmsEvent::OptOut(out) => assert_eq!(out.number.to_string(), "+49170123456"),
        other => panic!("{other:?}"),
    }
    notice.kept();
    let kept = scene.kept.try_recv().unwrap();
    scene.session.answer_event(kept);
    assert_eq!(scene.out(), [(0x8000_0005, 0, 22)]);
}

#[test]
fn events_that_nobody_keeps_are_to_be_told_again() {
    let mut scene = Scene::bound(1);
    scene.out();
    // There is room for two.
    for sequence in 1..=3 {
        scene.hear(Command::DELIVER_SM, Status::OK, sequence, STOP);
    }
    let kept = scene.kept.try_recv().unwrap();
    assert_eq!(kept, Kept { sequence: 3, is_kept: false });
    scene.session.answer_event(kept);
    assert_eq!(scene.out(), [(0x8000_0005, 0x64, 3)]);
    drop(scene.notices.try_recv().unwrap());
    assert_eq!(scene.kept.try_recv().unwrap(), Kept { sequence: 1, is_kept: false });
}

#[test]
fn receipts_name_the_message_that_they_are_about() {
    let mut scene = Scene::bound(1);
    drop(scene.submit());
    scene.answer(2, 0, b"known\0");
    scene.hear(Command::DELIVER_SM, Status::OK, 1, RECEIPT);
    match scene.notices.try_recv().unwrap().event() {
        SmsEvent::Receipt(receipt) => {
            assert_eq!(receipt.message_id.as_deref(), Some("message"));
            assert_eq!(receipt.number, PhoneNumber::parse("+49170123456"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn leaving_waits_for_answers() {
    let mut scene = Scene::bound(2);
    let mut waiting = scene.submit();
    scene.out();
    scene.session.leave(scene.now);
    assert!(!scene.session.has_output() && !scene.session.has_room());
    scene.answer(2, 0, b"x\0");
    assert_eq!(waiting.try_recv().unwrap(), Answer::Accepted("x".into()));
    assert_eq!(scene.out(), [(0x06, 0, 3)]);
    scene.hear(Command(0x8000_0006), Status::OK, 3, b"");
    assert_eq!(scene.session.end(), Some(&End::Left));
}

#[test]
fn leaving_does_not_wait_for_ever() {
    let mut scene = Scene::bound(2);
    let _waiting = scene.submit();
    scene.session.leave(scene.now);
    scene.wait(20);
    assert_eq!(scene.session.end(), Some(&End::Left));
    let mut scene = Scene::with_window(2);
    scene.session.leave(scene.now);
    assert_eq!(scene.session.end(), Some(&End::Left));
}

#[test]
fn garbage_ends_it() {
    let mut scene = Scene::bound(2);
    let mut waiting = scene.submit();
    scene.out();
    scene.session.receive_garbage(BadLength(PDU_BYTES_MAX + 1));
    assert_eq!(scene.out(), [(0x8000_0000, 0x02, 0)]);
    assert!(scene.lost().contains("octets"));
    match waiting.try_recv().unwrap() {
        Answer::Unanswered(why) => assert!(why.contains("may have the message"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_gateway_that_does_not_listen_is_not_listened_to() {
    let mut scene = Scene::bound(1);
    let mut count = 0;
    while scene.session.wants_input() {
        scene.hear(Command::ENQUIRE_LINK, Status::OK, 1, b"");
        count += 1;
    }
    assert_eq!(count, OUT_MAX / 16);
}

#[test]
fn events_that_wait_for_their_answers_are_bounded() {
    let mut scene = Scene::bound(1);
    scene.out();
    for sequence in 1.. {
        assert!(scene.kept.len() <= EVENTS_MAX, "nothing bounds what waits");
        if !scene.session.wants_input() {
            break;
        }
        scene.hear(Command::DELIVER_SM, Status::OK, sequence, STOP);
    }
    // Two are where they are kept, all others were refused.
    assert_eq!(scene.kept.len(), EVENTS_MAX - 2);
    let kept = scene.kept.try_recv().unwrap();
    scene.session.answer_event(kept);
    assert!(scene.session.wants_input());
}

#[test]
fn sequence_numbers_begin_again() {
    let mut scene = Scene::bound(2);
    scene.out();
    scene.session.sequence = SEQUENCE_MAX - 1;
    let _waiting = (scene.submit(), scene.submit());
    assert_eq!(scene.out(), [(0x04, 0, SEQUENCE_MAX), (0x04, 0, 1)]);
}

proptest! {
    /// Whatever a gateway says, nothing breaks, the window holds, and everybody gets an answer.
    #[test]
    fn any_gateway_is_survived(
        steps in prop::collection::vec((
            prop_oneof![
                Just(0x8000_0004), Just(0x8000_0000), Just(5), Just(0x15), Just(0x8000_0015), any::<u32>()
            ],
            prop_oneof![Just(0), Just(0x58), any::<u32>()],
            0_u32..20,
            prop::collection::vec(any::<u8>(), 0..40),
            0_u64..12,
        ), 0..60),
    ) {
        let mut scene = Scene::bound(3);
        let mut waiting = Vec::new();
        for (command, status, sequence, body, seconds) in steps {
            if scene.session.has_room() {
                waiting.push(scene.submit());
            }
            if scene.session.end().is_none() {
                scene.hear(Command(command), Status(status), sequence, &body);
                scene.wait(seconds);
            }
            prop_assert!(scene.session.unanswered.len() <= 3);
            while let Ok(notice) = scene.notices.try_recv() {
                notice.kept();
            }
        }
        scene.session.lose("the end".into());
        for mut receiver in waiting {
            prop_assert!(receiver.try_recv().is_ok());
        }
    }
}
