package hotpot

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
)

type poolRow struct {
	rowBase
	Name                  string         `json:"name,omitempty"`
	Description           string         `json:"description,omitempty"`
	Status                string         `json:"status,omitempty"`
	DockID                string         `json:"dockId,omitempty"`
	AvailabilityZone      string         `json:"availabilityZone,omitempty"`
	TotalCapacity         int64          `json:"totalCapacity,omitempty"` // GB
	FreeCapacity          int64          `json:"freeCapacity,omitempty"`
	MultiAttach           bool           `json:"multiAttach"`
	StorageType           string         `json:"storageType,omitempty"`
	Extras                map[string]any `json:"extras,omitempty"`
	ReplicationType       string         `json:"replicationType,omitempty"`
	ReplicationDriverName string         `json:"replicationDriverName,omitempty"`
}

type dockRow struct {
	rowBase
	Type        string            `json:"type,omitempty"`
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	Endpoint    string            `json:"endpoint,omitempty"`
	NodeID      string            `json:"nodeId,omitempty"`
	DriverName  string            `json:"driverName,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// seedPools puts in what SODA's sample driver has.
func (h *Server) seedPools() {
	const dock = "a69647fa-3e0a-5b42-9c0f-65c493cd220e"
	h.docks.put(&dockRow{
		rowBase: rowBase{ID: dock, CreatedAt: h.timestamp()}, Type: "provisioner", Name: "sample", Description: "Sample Test",
		Endpoint: "127.0.0.1:21113", NodeID: "vm", DriverName: "default", Metadata: map[string]string{"HostReplicationDriver": "drbd"},
	})
	pool := func(id, name, description, kind string, total, free int64, multi bool, extras string) {
		p := &poolRow{
			rowBase: rowBase{ID: id, CreatedAt: h.timestamp()}, Name: name, Description: description, Status: "available", DockID: dock,
			AvailabilityZone: "default", TotalCapacity: total, FreeCapacity: free, MultiAttach: multi, StorageType: kind,
			ReplicationType: "HostBased", ReplicationDriverName: "drbd",
		}
		if err := json.Unmarshal([]byte(extras), &p.Extras); err != nil {
			panic(err)
		}
		h.pools.put(p)
	}
	pool("084bf71e-a102-11e7-88a8-e31fe6d52248", "sample-pool-01", "This is the first sample storage pool for testing", "block", 100, 90, true,
		`{"dataStorage": {"provisioningPolicy": "Thin", "compression": true, "deduplication": false},
		"ioConnectivity": {"accessProtocol": "rbd", "maxIOPS": 8000000, "minIOPS": 1000000, "maxBWS": 700, "minBWS": 100, "latency": 100},
		"dataProtection": {"isIsolated": false}, "advanced": {"diskType": "SSD", "latency": "3ms"}}`)
	pool("a594b8ac-a103-11e7-985f-d723bcf01b5f", "sample-pool-02", "This is the second sample storage pool for testing", "block", 200, 170, false,
		`{"dataStorage": {"provisioningPolicy": "Thin", "compression": true, "deduplication": false},
		"ioConnectivity": {"accessProtocol": "rbd", "maxIOPS": 3000000, "minIOPS": 1000000, "maxBWS": 350, "minBWS": 100, "latency": 100},
		"dataProtection": {"isIsolated": false}, "advanced": {"diskType": "SAS", "latency": "500ms"}}`)
	pool("bdd44c8e-b8a9-488a-89c0-d1e5beb902dg", "opensds-files-default", "This is the first file sample storage pool for testing", "file", 200, 170, false,
		`{"dataStorage": {"provisioningPolicy": "Thin", "storageAccessCapability": ["Read", "Write", "Execute"], "compression": false, "deduplication": false},
		"ioConnectivity": {"accessProtocol": "nfs", "maxIOPS": 7000000, "minIOPS": 1000000, "maxBWS": 600, "minBWS": 100, "latency": 100},
		"dataProtection": {"isIsolated": false}, "advanced": {"diskType": "SSD", "latency": "5ms"}}`)
}

func (h *Server) listZones(*call) (int, any, error) {
	zones := []string{}
	for _, p := range h.pools.rows {
		zones = append(zones, p.AvailabilityZone)
	}
	slices.Sort(zones)
	return http.StatusOK, slices.Compact(zones), nil
}

func (h *Server) listPools(c *call) (int, any, error) {
	pools, err := h.pools.page(c.Caller, c.query)
	return http.StatusOK, pools, err
}

func (h *Server) getPool(c *call) (int, any, error) {
	pool, err := h.pools.shared(c.id)
	if err != nil {
		err = refusal(http.StatusNotFound, "pool %s not found: %v", c.id, err)
	}
	return http.StatusOK, pool, err
}

func (h *Server) listDocks(c *call) (int, any, error) {
	docks, err := h.docks.page(c.Caller, c.query)
	return http.StatusOK, docks, err
}

func (h *Server) getDock(c *call) (int, any, error) {
	dock, err := h.docks.shared(c.id)
	if err != nil {
		err = refusal(http.StatusNotFound, "dock %s not found: %v", c.id, err)
	}
	return http.StatusOK, dock, err
}

// poolFor is the first pool, by id, that a volume fits into; nil if none does.
func (h *Server) poolFor(v *volumeRow, profile *profileRow) *poolRow {
	fitting := h.pools.where(func(p *poolRow) bool {
		return p.AvailabilityZone == v.AvailabilityZone && v.Size <= p.FreeCapacity && p.StorageType == profile.StorageType &&
			(p.MultiAttach || !v.MultiAttach) && profile.fits(p)
	})
	slices.SortFunc(fitting, func(a, b *poolRow) int { return cmp.Compare(a.ID, b.ID) })
	if len(fitting) == 0 {
		return nil
	}
	return fitting[0]
}

// fits says whether a pool has what the profile wants: its protocol, and all of
// its custom properties. The real selector compares more.
func (p *profileRow) fits(pool *poolRow) bool {
	wanted, _ := p.Provisioning["ioConnectivity"].(map[string]any)
	has, _ := pool.Extras["ioConnectivity"].(map[string]any)
	if protocol := wanted["accessProtocol"]; protocol != nil && protocol != has["accessProtocol"] {
		return false
	}
	advanced, _ := pool.Extras["advanced"].(map[string]any)
	for key, value := range p.CustomProperties {
		if !reflect.DeepEqual(advanced[key], value) {
			return false
		}
	}
	return true
}
