// Decodes one packet over and over with goflow2's decoder and looks at eight fields of each record.
// Arguments: a file with the template packet, one with the data packet, and how often.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
)

// Places of the fields that are looked at, the same as scripts/bench_templates.ts has them.
var wanted = []int{0, 1, 5, 6, 7, 9, 10, 12}

func number(value interface{}) (sum uint64) {
	if octets, ok := value.([]byte); ok {
		for _, octet := range octets {
			sum = sum<<8 | uint64(octet)
		}
	}
	return sum
}

func decode(packet []byte, templates netflow.NetFlowTemplateSystem) (records int, sum uint64) {
	var v9 netflow.NFv9Packet
	var ipfix netflow.IPFIXPacket
	if err := netflow.DecodeMessageVersion(bytes.NewBuffer(packet), templates, &v9, &ipfix); err != nil {
		panic(err)
	}
	for _, set := range append(v9.FlowSets, ipfix.FlowSets...) {
		if data, ok := set.(netflow.DataFlowSet); ok {
			for _, record := range data.Records {
				records++
				for _, index := range wanted {
					sum += number(record.Values[index].Value)
				}
			}
		}
	}
	return records, sum
}

func main() {
	template, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	data, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	times, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	templates := netflow.CreateTemplateSystem()
	decode(template, templates)
	var records int
	var sum uint64
	start := time.Now()
	for i := 0; i < times; i++ {
		r, s := decode(data, templates)
		records += r
		sum += s
	}
	fmt.Printf("{\"records\":%d,\"seconds\":%f,\"sum\":\"%d\"}\n", records, time.Since(start).Seconds(), sum)
}
