// SPDX-License-Identifier: Apache-2.0
// Splits requests {length in beats, offset in beats} into AXI bursts that neither cross 4 KiB nor exceed MAX_BEATS.
// A burst is offered on `valid` until `ready`; `hold` keeps the next one back. `last` marks a request's last burst.
// A request of length 0 gives no burst but a pulse on `nothing`.
module hls_axi_split #(
    parameter int W = 128,          // data bits of a beat
    parameter int OFFSET = 32,      // bits of the offset
    parameter int MAX_BEATS = 16    // at most 256
) (
    input  logic                  clk,
    input  logic                  rst,
    input  logic [63:0]           base,
    input  logic [32+OFFSET-1:0]  request,
    input  logic                  request_valid,
    output logic                  request_ready,
    output logic                  nothing,
    input  logic                  hold,
    output logic                  valid,
    input  logic                  ready,
    output logic [63:0]           address,
    output logic [8:0]            beats,
    output logic                  last,
    output logic                  idle
);
  localparam int S = $clog2(W / 8);  // log2 of the bytes of a beat

  logic [63:0] next;           // address of the next burst
  logic [31:0] left;           // beats not yet offered
  logic [12-S:0] to_boundary;  // beats to the next 4 KiB boundary
  logic [8:0] most, size;      // of the next burst
  logic load, issue;

  assign to_boundary = (13 - S)'(1 << (12 - S)) - {1'b0, next[11:S]};
  assign most = 32'(to_boundary) < 32'(MAX_BEATS) ? 9'(to_boundary) : 9'(MAX_BEATS);
  assign size = left < 32'(most) ? 9'(left) : most;

  assign request_ready = left == '0;
  assign load = request_valid & request_ready;
  assign nothing = load & request[32+OFFSET-1:OFFSET] == '0;
  assign issue = left != '0 & ~hold & (~valid | ready);
  assign idle = left == '0 & ~valid;

  always_ff @(posedge clk) begin
    if (issue) begin
      address <= next;
      beats <= size;
      last <= left == 32'(size);
    end
    if (rst) begin
      left <= '0;
      valid <= 1'b0;
    end else begin
      if (load) begin
        next <= base + (64'(request[OFFSET-1:0]) << S);
        left <= request[32+OFFSET-1:OFFSET];
      end else if (issue) begin
        next <= next + (64'(size) << S);
        left <= left - 32'(size);
      end
      valid <= issue | (valid & ~ready);
    end
  end
endmodule
