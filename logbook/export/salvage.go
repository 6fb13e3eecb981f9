package export

import "encoding/binary"

// pageSizes are those that SQLite may use.
func pageSize(n int) bool { return n >= 512 && n <= 65536 && n&(n-1) == 0 }

// scan takes every event that it finds in the pages of a database file,
// whatever the file's own tables of contents say. See "Database File Format"
// of SQLite, 1.6 "B-tree Pages" and 2.1 "Record Format".
func (c *content) scan(file []byte) {
	size := 4096
	if len(file) >= 18 {
		if n := int(binary.BigEndian.Uint16(file[16:])); n == 1 {
			size = 65536
		} else if pageSize(n) {
			size = n
		}
	}
	for at := 0; at < len(file); at += size {
		page := file[at:min(at+size, len(file))]
		header := 0
		if at == 0 {
			header = 100
		}
		c.scanPage(page, header)
	}
}

// scanLog is scan for a write-ahead log: 4.1 "WAL File Format". Only frames of
// the log's present round count.
func (c *content) scanLog(wal []byte) {
	if len(wal) < 32 {
		return
	}
	size := int(binary.BigEndian.Uint32(wal[8:]))
	if !pageSize(size) {
		return
	}
	salt := string(wal[16:24])
	for at := 32; at+24+size <= len(wal); at += 24 + size {
		if string(wal[at+8:at+16]) == salt {
			header := 0
			if binary.BigEndian.Uint32(wal[at:]) == 1 {
				header = 100
			}
			c.scanPage(wal[at+24:at+24+size], header)
		}
	}
}

// scanPage takes the events of one page, if it is a leaf of a table.
func (c *content) scanPage(page []byte, header int) {
	const leaf = 0x0d
	if len(page) < header+8 || page[header] != leaf {
		return
	}
	cells := int(binary.BigEndian.Uint16(page[header+3:]))
	for i := range cells {
		pointer := header + 8 + 2*i
		if pointer+2 > len(page) {
			return
		}
		if rowid, body, ok := cell(page, int(binary.BigEndian.Uint16(page[pointer:]))); ok {
			c.add(rowid, body)
		}
	}
}

// cell reads a row of the table events: its rowid, and a record of NULL (for
// the seq, which is the rowid) and a text. A body that does not fit into the
// page is left: no event is that long.
func cell(page []byte, at int) (rowid int64, body []byte, ok bool) {
	if at >= len(page) {
		return 0, nil, false
	}
	rest := page[at:]
	length, n := varint(rest)
	rest = rest[n:]
	id, m := varint(rest)
	rest = rest[m:]
	if n == 0 || m == 0 || length > uint64(len(rest)) {
		return 0, nil, false
	}
	record := rest[:length]
	head, n := varint(record)
	if n == 0 || head > uint64(len(record)) || head < uint64(n)+2 {
		return 0, nil, false
	}
	types := record[n:head]
	if types[0] != 0 {
		return 0, nil, false
	}
	kind, k := varint(types[1:])
	if k == 0 || k != len(types)-1 || kind < 13 || kind%2 == 0 || (kind-13)/2 != uint64(len(record))-head {
		return 0, nil, false
	}
	return int64(id), record[head:], true
}

// varint reads SQLite's: big-endian, seven bits a byte, the ninth byte whole.
// n is its length; 0: there is none.
func varint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
