package hotpot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
)

// Profile is a kind of storage that administrators offer. It belongs to no
// tenant, and its name is unique (H6).
type Profile struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Description      string          `json:"description"`
	StorageType      string          `json:"storageType"`
	CustomProperties json.RawMessage `json:"customProperties"`
}

func (p Profile) identity() string { return p.ID }

// Host is a machine that volumes are attached to. How to log in to it is never
// read.
type Host struct {
	ID                string      `json:"id"`
	TenantID          string      `json:"tenantId"`
	Name              string      `json:"hostName"`
	IP                string      `json:"ip"`
	OSType            string      `json:"osType"`
	AccessMode        string      `json:"accessMode"`
	AvailabilityZones []string    `json:"availabilityZones"`
	Initiators        []Initiator `json:"initiators"`
}

func (h Host) identity() string { return h.ID }

// Initiator is one of a host's ports.
type Initiator struct {
	PortName string `json:"portName"`
	Protocol string `json:"protocol"`
}

// Volume is a volume. Its status is one of the server's words, and new ones may
// come. "inUse" is not kept honestly: the attachments are the truth (H12).
type Volume struct {
	ID               string `json:"id"`
	TenantID         string `json:"tenantId"`
	Name             string `json:"name"`
	Description      string `json:"description"`
	Size             int64  `json:"size"` // GB
	AvailabilityZone string `json:"availabilityZone"`
	Status           string `json:"status"`
	ProfileID        string `json:"profileId"`
	MultiAttach      bool   `json:"multiAttach"`
}

func (v Volume) identity() string { return v.ID }

// Attachment is a volume at a host. The connection data, which can hold
// passwords (H13), is never read.
type Attachment struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenantId"`
	VolumeID   string `json:"volumeId"`
	HostID     string `json:"hostId"`
	Status     string `json:"status"`
	AttachMode string `json:"attachMode"`
}

func (a Attachment) identity() string { return a.ID }

// Profiles lists the profiles of all storage types.
func (c *Client) Profiles(ctx context.Context) ([]Profile, error) {
	return all[Profile](ctx, c, "profiles", nil)
}

// Profile reads one profile.
func (c *Client) Profile(ctx context.Context, id string) (*Profile, error) {
	return one[Profile](ctx, c, "profiles", id)
}

// Hosts lists the tenant's hosts.
func (c *Client) Hosts(ctx context.Context) ([]Host, error) {
	hosts, err := all[Host](ctx, c, "host/hosts", nil)
	return kept(hosts, func(h Host) bool { return h.TenantID == c.tenantID }), err
}

// Host reads one host. An administrator can read other tenants' too (H7).
func (c *Client) Host(ctx context.Context, id string) (*Host, error) {
	return one[Host](ctx, c, "host/hosts", id)
}

// Volumes lists the tenant's volumes of a name; of all names if it is "".
func (c *Client) Volumes(ctx context.Context, name string) ([]Volume, error) {
	volumes, err := all[Volume](ctx, c, "block/volumes", filter("name", name))
	return kept(volumes, func(v Volume) bool { return v.TenantID == c.tenantID && (name == "" || v.Name == name) }), err
}

// Volume reads one volume. An administrator can read other tenants' too (H7).
func (c *Client) Volume(ctx context.Context, id string) (*Volume, error) {
	return one[Volume](ctx, c, "block/volumes", id)
}

// Attachments lists those of one volume that the server shows us; of all
// volumes if volumeID is "".
func (c *Client) Attachments(ctx context.Context, volumeID string) ([]Attachment, error) {
	attachments, err := all[Attachment](ctx, c, "block/attachments", filter("volumeId", volumeID))
	return kept(attachments, func(a Attachment) bool { return volumeID == "" || a.VolumeID == volumeID }), err
}

// AvailabilityZones lists the names of the zones, sorted.
func (c *Client) AvailabilityZones(ctx context.Context) ([]string, error) {
	raw, err := c.get(ctx, "availabilityZones", nil)
	if err != nil {
		return nil, err
	}
	zones, err := decodeZones(raw)
	if err != nil {
		return nil, fmt.Errorf("GET availabilityZones: %w", err)
	}
	return zones, nil
}

func decodeZones(raw []byte) ([]string, error) {
	var zones []string
	if err := json.Unmarshal(raw, &zones); err != nil {
		return nil, unreadable(raw, err)
	}
	zones = kept(zones, func(z string) bool { return z != "" })
	slices.Sort(zones)
	return slices.Compact(zones), nil
}

// filter asks for rows with a value. An empty value would find nothing (H2).
func filter(key, value string) url.Values {
	if value == "" {
		return nil
	}
	return url.Values{key: {value}}
}
