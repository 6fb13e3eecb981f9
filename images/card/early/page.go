package early

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"io"
	"time"

	"infobus/hw/epaper"
)

// page is the fixed page's frame, drawn by page_test.go.
//
//go:embed page.gz
var page []byte

// wirings are the panel's, as the documentation shows it, on each kind of board.
var wirings = []epaper.Wiring{wiring("pinctrl-bcm2711"), wiring("pinctrl-bcm2835")}

func wiring(chip string) epaper.Wiring {
	return epaper.Wiring{SPI: "/dev/spidev0.0", Chip: chip, DataCommand: "GPIO25", Reset: "GPIO17", Busy: "GPIO24", Power: "GPIO18"}
}

// ShowPage puts the fixed page on the panel.
func ShowPage() error {
	frame, err := fixedPage()
	if err != nil {
		return err
	}
	var none error
	for _, w := range wirings {
		panel, err := epaper.Open(w, nil)
		if err != nil {
			none = errors.Join(none, err)
			continue
		}
		defer panel.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err = panel.Show(ctx, func() ([]byte, error) { return frame, nil }, epaper.Full)
		return err
	}
	return none
}

func fixedPage() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	frame, err := io.ReadAll(io.LimitReader(r, epaper.FrameSize+1))
	if err == nil && len(frame) != epaper.FrameSize {
		err = errors.New("the fixed page is no frame")
	}
	return frame, err
}
