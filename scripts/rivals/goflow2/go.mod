module goflow2-rival

go 1.22

require github.com/netsampler/goflow2/v2 v2.2.6
