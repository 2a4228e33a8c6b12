//! Decodes one packet over and over with netflow_parser and looks at eight fields of each record.
//! Arguments: a file with the template packet, one with the data packet, and how often.

use netflow_parser::variable_versions::field_value::{DataNumber, FieldValue};
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{NetflowPacket, NetflowParser};
use std::time::Instant;

/// Places of the fields that are looked at, the same as scripts/bench_templates.ts has them.
const WANTED: [usize; 8] = [0, 1, 5, 6, 7, 9, 10, 12];

fn number(value: &FieldValue) -> u64 {
    match value {
        FieldValue::Ip4Addr(address) => u32::from(*address) as u64,
        FieldValue::DataNumber(number) => match number {
            DataNumber::U8(v) => *v as u64,
            DataNumber::U16(v) => *v as u64,
            DataNumber::U24(v) | DataNumber::U32(v) => *v as u64,
            DataNumber::U64(v) => *v,
            _ => 0,
        },
        FieldValue::Duration(_) => 1,
        FieldValue::ProtocolType(protocol) => u8::from(*protocol) as u64,
        _ => 0,
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let template = std::fs::read(&args[1]).expect("template packet");
    let data = std::fs::read(&args[2]).expect("data packet");
    let times: usize = args[3].parse().expect("how often");
    let mut parser = NetflowParser::default();
    parser.parse_bytes(&template);
    let mut records: u64 = 0;
    let mut sum: u64 = 0;
    let start = Instant::now();
    for _ in 0..times {
        let result = parser.parse_bytes(&data);
        for packet in &result.packets {
            match packet {
                NetflowPacket::IPFix(message) => {
                    for set in &message.flowsets {
                        if let ipfix::FlowSetBody::Data(data) = &set.body {
                            for record in &data.fields {
                                records += 1;
                                for index in WANTED {
                                    sum = sum.wrapping_add(number(&record[index].1));
                                }
                            }
                        }
                    }
                }
                NetflowPacket::V9(message) => {
                    for set in &message.flowsets {
                        if let v9::FlowSetBody::Data(data) = &set.body {
                            for record in &data.fields {
                                records += 1;
                                for index in WANTED {
                                    sum = sum.wrapping_add(number(&record[index].1));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"records\":{records},\"seconds\":{seconds},\"sum\":\"{sum}\"}}");
}
